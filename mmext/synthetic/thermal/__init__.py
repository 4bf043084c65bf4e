from .sequence import KINDS, DepthFrame, SequenceSpec, render_sequence
from .thermal import ThermalSensor
from .writing import SceneFolderWriter

__all__ = [
    "KINDS",
    "DepthFrame",
    "SceneFolderWriter",
    "SequenceSpec",
    "ThermalSensor",
    "render_sequence",
]
