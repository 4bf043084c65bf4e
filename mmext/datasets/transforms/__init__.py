# mmseg's transforms must be registered before any is looked up by name: mmcv has a
# RandomFlip and others of the same name, which leave the error map as it was.
import mmext.quiet_mmseg  # noqa: F401

from .loading import LoadErrorFrequency, LoadErrorMask, LoadTile
from .packing import PackTileInputs
from .random_flip import RandomFlip
from .random_rot90 import RandomRot90
from .tile_photometric import TilePhotometric

__all__ = [
    "LoadErrorFrequency",
    "LoadErrorMask",
    "LoadTile",
    "PackTileInputs",
    "RandomFlip",
    "RandomRot90",
    "TilePhotometric",
]
