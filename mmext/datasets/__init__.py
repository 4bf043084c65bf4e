from .depth import (
    DepthDataset,
    FolderDepthDataset,
    LoadDepth,
    LoadObjectMask,
    LoadStructural,
    LoadThermal,
    MM5Dataset,
    MS2Dataset,
    PackDepthInputs,
    ViViDDataset,
)
from .epoch_worker_init import epoch_worker_init_fn
from .samplers import PositiveTileSampler
from .tile_dataset import TileDataset
from .tile_store import TileStore
from .transforms import (
    LoadErrorMask,
    LoadTile,
    PackTileInputs,
    RandomRot90,
    TilePhotometric,
)

__all__ = [
    "DepthDataset",
    "FolderDepthDataset",
    "LoadDepth",
    "LoadErrorMask",
    "LoadObjectMask",
    "LoadStructural",
    "LoadThermal",
    "LoadTile",
    "MM5Dataset",
    "MS2Dataset",
    "PackDepthInputs",
    "PackTileInputs",
    "PositiveTileSampler",
    "RandomRot90",
    "TileDataset",
    "TilePhotometric",
    "TileStore",
    "ViViDDataset",
    "epoch_worker_init_fn",
]
