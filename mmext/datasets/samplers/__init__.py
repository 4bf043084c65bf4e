from .error_tile_sampler import ErrorTileSampler
from .positive_tile_sampler import PositiveTileSampler

__all__ = ["ErrorTileSampler", "PositiveTileSampler"]
