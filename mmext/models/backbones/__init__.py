from .smp_backbone import SmpBackbone
from .transformers_backbone import TransformersBackbone
from .unet3 import UNet3

__all__ = ["SmpBackbone", "TransformersBackbone", "UNet3"]
