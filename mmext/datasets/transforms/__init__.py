from .loading import LoadErrorMask, LoadTile
from .packing import PackTileInputs
from .random_rot90 import RandomRot90
from .tile_photometric import TilePhotometric

__all__ = [
    "LoadErrorMask",
    "LoadTile",
    "PackTileInputs",
    "RandomRot90",
    "TilePhotometric",
]
