from .error_tile_sampler import ErrorTileSampler
from .positive_tile_sampler import PositiveTileSampler
from .weighted_tile_sampler import WeightedTileSampler

__all__ = ["ErrorTileSampler", "PositiveTileSampler", "WeightedTileSampler"]
