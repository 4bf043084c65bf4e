from .collate_tiles import collate_tiles
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
from .error_variants import BoundaryBand, MinimumCount, ShuffledErrors, TargetCopy
from .samplers import ErrorTileSampler, PositiveTileSampler
from .tile_dataset import TileDataset
from .tile_store import TileStore
from .torchgeo_dataset import TorchGeoDataset
from .transforms import (
    LoadErrorFrequency,
    LoadErrorMask,
    LoadTile,
    PackTileInputs,
    RandomFlip,
    RandomRot90,
    TilePhotometric,
)

__all__ = [
    "BoundaryBand",
    "DepthDataset",
    "ErrorTileSampler",
    "FolderDepthDataset",
    "LoadDepth",
    "LoadErrorFrequency",
    "LoadErrorMask",
    "LoadObjectMask",
    "LoadStructural",
    "LoadThermal",
    "LoadTile",
    "MM5Dataset",
    "MS2Dataset",
    "MinimumCount",
    "PackDepthInputs",
    "PackTileInputs",
    "PositiveTileSampler",
    "RandomFlip",
    "RandomRot90",
    "ShuffledErrors",
    "TargetCopy",
    "TileDataset",
    "TilePhotometric",
    "TileStore",
    "TorchGeoDataset",
    "ViViDDataset",
    "collate_tiles",
    "epoch_worker_init_fn",
]
