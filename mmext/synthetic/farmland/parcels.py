"""The mosaic of parcels: where one field ends and the next begins."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from .region import Region
from .textures import smooth_noise

_BLOCK_METRES = 150.0


@dataclass(frozen=True)
class Parcels:
    """A mosaic on the pixel grid. All maps are (H, W).

    Attributes:
        ids: Parcel of each pixel, int32 in 0…P−1.
        across: Metres across the parcel's rows, float32.
        along: Metres along them.
        edge: Metres to the parcel's nearest edge.
        verge: Metres to the border between blocks, where tracks and ditches run.
        border: Which border that is: a random number in [0, 1) per pair of blocks.
        number: Number P of parcels.
    """

    ids: np.ndarray
    across: np.ndarray
    along: np.ndarray
    edge: np.ndarray
    verge: np.ndarray
    border: np.ndarray
    number: int


def lay_out_parcels(
    rng: np.random.Generator,
    shape: tuple[int, int],
    pixel_size: float,
    region: Region,
) -> Parcels:
    """Divide the land into blocks and the blocks into rows of parcels.

    Blocks are cells of a warped Voronoi diagram; in each, parcels are aligned, and
    each row of them is cut at places of its own.

    Args:
        rng: Source of randomness.
        shape: (H, W) in pixels.
        pixel_size: Metres.
        region: Sizes of its parcels.
    """
    rows, columns = np.indices(shape, dtype=np.float32)
    y, x = rows * pixel_size, columns * pixel_size
    wobble = 45 / pixel_size
    warped = np.stack(
        [
            x + 7 * smooth_noise(rng, shape, wobble),
            y + 7 * smooth_noise(rng, shape, wobble),
        ],
        axis=-1,
    )
    seeds = _block_seeds(rng, shape, pixel_size)
    distance, nearest = cKDTree(seeds).query(warped, k=2)
    block = nearest[..., 0]
    verge = ((distance[..., 1] - distance[..., 0]) / 2).astype(np.float32)
    pair = np.sort(nearest, axis=-1)
    border = _random_by(rng, pair[..., 0] * len(seeds) + pair[..., 1])
    number = len(seeds)
    angle = rng.uniform(0, np.pi, number).astype(np.float32)
    width = rng.uniform(*region.parcel_width, number).astype(np.float32)
    cos, sin = np.cos(angle)[block], np.sin(angle)[block]
    across = x * cos + y * sin
    along = y * cos - x * sin
    row_position = across / width[block] + rng.random(number, np.float32)[block]
    row = np.floor(row_position)
    row_key = block * 100_003 + row.astype(np.int64)
    length = region.parcel_length[0] + _random_by(rng, row_key) * (
        region.parcel_length[1] - region.parcel_length[0]
    )
    piece_position = along / length + _random_by(rng, row_key)
    piece = np.floor(piece_position)
    _, ids = np.unique(row_key * 100_003 + piece.astype(np.int64), return_inverse=True)
    ids = ids.reshape(shape).astype(np.int32)
    side = np.abs(row_position - row - 0.5)
    end = np.abs(piece_position - piece - 0.5)
    edge = np.minimum((0.5 - side) * width[block], (0.5 - end) * length)
    return Parcels(
        ids=ids,
        across=across.astype(np.float32),
        along=along.astype(np.float32),
        edge=np.minimum(edge, verge).astype(np.float32),
        verge=verge,
        border=border,
        number=int(ids.max()) + 1,
    )


def _block_seeds(
    rng: np.random.Generator, shape: tuple[int, int], pixel_size: float
) -> np.ndarray:
    """Jittered grid points, one cell beyond the scene on each side."""
    cells = [int(np.ceil(side * pixel_size / _BLOCK_METRES)) + 2 for side in shape]
    grid = np.stack(np.meshgrid(*map(np.arange, cells), indexing="ij"), axis=-1)
    jittered = grid + rng.uniform(0.15, 0.85, grid.shape) - 1
    return (jittered.reshape(-1, 2) * _BLOCK_METRES)[:, ::-1]


def _random_by(rng: np.random.Generator, keys: np.ndarray) -> np.ndarray:
    """A random number in [0, 1) for each different key."""
    unique, inverse = np.unique(keys, return_inverse=True)
    return rng.random(len(unique), np.float32)[inverse].reshape(keys.shape)
