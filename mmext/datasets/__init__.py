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
    "LoadErrorMask",
    "LoadTile",
    "PackTileInputs",
    "PositiveTileSampler",
    "RandomRot90",
    "TileDataset",
    "TilePhotometric",
    "TileStore",
    "epoch_worker_init_fn",
]
