"""Painting the parcels that are no target, the lookalikes among them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .parcels import Parcels
from .region import RGB, Region
from .textures import sharp_stripes, smooth_noise, soft_stripes


@dataclass(frozen=True)
class Ground:
    """What the painters know of the pixels that they paint (P of them).

    Attributes:
        rng: Source of randomness.
        region: Colours.
        ids: (P,) parcel of each pixel.
        across: (P,) metres across the rows, in the parcel's own direction.
        along: (P,) metres along them.
        edge: (P,) metres to the parcel's edge.
        fine: (P,) noise of about a metre.
        coarse: (P,) noise of about ten metres.
        number: Parcels in the scene.
    """

    rng: np.random.Generator
    region: Region
    ids: np.ndarray
    across: np.ndarray
    along: np.ndarray
    edge: np.ndarray
    fine: np.ndarray
    coarse: np.ndarray
    number: int

    def draw(self, low: float, high: float) -> np.ndarray:
        """A number per parcel, given to its pixels."""
        values = self.rng.uniform(low, high, self.number).astype(np.float32)
        return values[self.ids]


def paint_land_use(
    rng: np.random.Generator,
    parcels: Parcels,
    region: Region,
    uses: np.ndarray,
    pixel_size: float,
) -> np.ndarray:
    """Paint every parcel by its use.

    Args:
        rng: Source of randomness.
        parcels: The mosaic.
        region: Its colours.
        uses: (P,) index into ``region.land_use`` of each parcel.
        pixel_size: Metres.

    Returns:
        (H, W, 3) float32 in 0–255.
    """
    shape = parcels.ids.shape
    fine = smooth_noise(rng, shape, max(1.0, 0.8 / pixel_size))
    coarse = smooth_noise(rng, shape, 10 / pixel_size)
    image = np.zeros((*shape, 3), np.float32)
    use_map = uses[parcels.ids]
    for index, name in enumerate(region.land_use):
        here = use_map == index
        ground = Ground(
            rng=rng,
            region=region,
            ids=parcels.ids[here],
            across=parcels.across[here],
            along=parcels.along[here],
            edge=parcels.edge[here],
            fine=fine[here],
            coarse=coarse[here],
            number=parcels.number,
        )
        image[here] = _PAINTERS[name](ground)
    return image


def _mix(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    return first + (second - first) * share[:, None]


def _plain(ground: Ground, colour: RGB, spread: float, rough: float) -> np.ndarray:
    tone = ground.draw(-spread, spread) + rough * ground.fine + 4 * ground.coarse
    tint = np.stack([ground.draw(-5, 5) for _ in range(3)], axis=-1)
    return np.array(colour, np.float32) + tint + tone[:, None]


def _soil(ground: Ground) -> np.ndarray:
    return _plain(ground, ground.region.soil, 16, 5)


def _paddy(ground: Ground) -> np.ndarray:
    return _plain(ground, ground.region.paddy, 16, 3)


def _crop(ground: Ground) -> np.ndarray:
    green = _plain(ground, ground.region.crop, 18, 5)
    patches = np.clip(0.25 + 0.3 * ground.coarse, 0, 0.7)
    return _mix(green, _soil(ground), patches)


def _furrows(ground: Ground) -> np.ndarray:
    """Ridges of the nets' period, rounded, without joints, a little crooked."""
    period = ground.draw(*ground.region.stripe_period)
    position = ground.across + 0.18 * ground.coarse + 0.10 * ground.fine
    ridges = soft_stripes(position, period) * ground.draw(0.25, 0.8)
    return _mix(_soil(ground), _plain(ground, ground.region.crop, 14, 4), ridges)


def _mulch(ground: Ground) -> np.ndarray:
    """Beds under plastic film: as dark and as regular as nets, but narrow."""
    period = ground.draw(*ground.region.stripe_period)
    position = ground.across + 0.06 * ground.coarse
    beds = sharp_stripes(position, period, 0.38) * ground.draw(0.35, 0.95)
    film = _plain(ground, (78, 76, 80), 26, 4)
    return _mix(_soil(ground), film, beds)


def _greenhouse(ground: Ground) -> np.ndarray:
    """Film tunnels: bright vaults of 6–8 m, with ribs of the nets' period."""
    span = ground.draw(6, 8)
    vault = soft_stripes(ground.across, span)
    roofs = sharp_stripes(ground.across, span, 0.86)
    ribs = sharp_stripes(ground.along, ground.draw(*ground.region.stripe_period), 0.3)
    shine = ground.draw(160, 215) + 26 * vault - 16 * ribs + 3 * ground.fine
    film = shine[:, None] * np.array([0.98, 1.0, 1.02], np.float32)
    return _mix(_soil(ground) * 0.8, film, roofs * (ground.edge > 1.0))


def _orchard(ground: Ground) -> np.ndarray:
    spacing = ground.draw(4, 6)
    crowns = soft_stripes(ground.across, spacing) * soft_stripes(ground.along, spacing)
    grass = _plain(ground, (122, 128, 84), 10, 4)
    trees = _plain(ground, (52, 76, 42), 8, 6)
    return _mix(grass, trees, np.clip(crowns * 3 - 0.9, 0, 1))


def _village(ground: Ground) -> np.ndarray:
    """Yards with roofs of different colours and gardens between."""
    lot = ground.draw(13, 18)
    row, column = np.floor(ground.across / lot), np.floor(ground.along / lot)
    key = (row * 7919 + column * 104_729 + ground.ids).astype(np.int64)
    unique, inverse = np.unique(key, return_inverse=True)
    palette = np.array(
        [[64, 88, 132], [150, 72, 58], [168, 168, 164], [92, 96, 98], [70, 110, 92]],
        np.float32,
    )
    roof = palette[ground.rng.integers(0, len(palette), len(unique))][inverse]
    size = ground.rng.uniform(0.22, 0.4, (2, len(unique)))[:, inverse]
    u = np.abs(ground.across / lot - row - 0.5)
    v = np.abs(ground.along / lot - column - 0.5)
    ridge = np.where(ground.across / lot - row > 0.5, 12, -12)[:, None]
    yard = _plain(ground, (138, 132, 118), 14, 7)
    inside = ((u < size[0]) & (v < size[1])).astype(np.float32)
    return _mix(yard, roof + ridge, inside)


_PAINTERS: dict[str, Callable[[Ground], np.ndarray]] = {
    "paddy": _paddy,
    "crop": _crop,
    "bare": _soil,
    "furrows": _furrows,
    "mulch": _mulch,
    "greenhouse": _greenhouse,
    "orchard": _orchard,
    "village": _village,
}

#: Uses that a careless eye, or network, takes for the target.
LOOKALIKES = ("furrows", "mulch", "greenhouse")


def paint_woods(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Canopy seen from above: crowns lit from one side. (H, W, 3) in 0–255."""
    crowns = smooth_noise(rng, shape, 9) + 0.6 * smooth_noise(rng, shape, 4)
    lit = np.clip(ndimage.sobel(crowns, axis=1) * 2.2, -26, 30)
    tone = 6 * smooth_noise(rng, shape, 60) + 5 * crowns + lit
    return np.array([58, 78, 48], np.float32) + tone[..., None]
