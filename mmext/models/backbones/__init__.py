from .unet3 import UNet3

__all__ = ["UNet3"]
