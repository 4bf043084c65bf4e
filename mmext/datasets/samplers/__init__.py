from .positive_tile_sampler import PositiveTileSampler

__all__ = ["PositiveTileSampler"]
