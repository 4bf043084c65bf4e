from .depth_dataset import DepthDataset
from .folder import FolderDepthDataset
from .mm5 import MM5Dataset
from .ms2 import MS2Dataset
from .sample_list import DepthSample
from .transforms import (
    LoadDepth,
    LoadObjectMask,
    LoadStructural,
    LoadThermal,
    PackDepthInputs,
)
from .vivid import ViViDDataset

__all__ = [
    "DepthDataset",
    "DepthSample",
    "FolderDepthDataset",
    "LoadDepth",
    "LoadObjectMask",
    "LoadStructural",
    "LoadThermal",
    "MM5Dataset",
    "MS2Dataset",
    "PackDepthInputs",
    "ViViDDataset",
]
