from .label_errors import FaultyLabels, plant_label_errors
from .region import REGIONS, Region
from .scene import RenderedScene, SceneSpec, render_scene
from .writing import write_scene

__all__ = [
    "REGIONS",
    "FaultyLabels",
    "Region",
    "RenderedScene",
    "SceneSpec",
    "plant_label_errors",
    "render_scene",
    "write_scene",
]
