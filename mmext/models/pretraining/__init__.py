from .masked_image_model import MaskedImageModel

__all__ = ["MaskedImageModel"]
