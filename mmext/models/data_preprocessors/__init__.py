from .band_normalizer import BandNormalizer

__all__ = ["BandNormalizer"]
