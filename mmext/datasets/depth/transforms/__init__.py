from .load_depth import LoadDepth
from .load_object_mask import LoadObjectMask
from .load_structural import LoadStructural
from .load_thermal import LoadThermal
from .pack_depth_inputs import PackDepthInputs

__all__ = [
    "LoadDepth",
    "LoadObjectMask",
    "LoadStructural",
    "LoadThermal",
    "PackDepthInputs",
]
