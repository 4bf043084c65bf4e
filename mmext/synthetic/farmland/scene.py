"""Rendering a georeferenced piece of farmland with its true fields."""

from dataclasses import dataclass

import geopandas
import numpy as np
import rasterio
from rasterio.features import shapes
from scipy import ndimage
from shapely.geometry import shape as to_geometry

from mmext.errors import UserError

from .land_use import LOOKALIKES, paint_land_use, paint_woods
from .parcels import Parcels, lay_out_parcels
from .region import Region, get_region
from .shade_nets import NetField, draw_fields, paint_nets
from .textures import smooth_noise

#: Korea 2000 / Central Belt 2010: metres, what Korean orthophotos come in.
CRS = "EPSG:5186"
_ORIGIN = (200_000.0, 520_000.0)
# Scenes of different seeds lie apart, as scenes do: metres, and scenes in a row.
_APART, _IN_A_ROW = 8_000.0, 10
_FIELD_METRES = (60.0, 420.0)


def _origin(seed: int) -> tuple[float, float]:
    """Easting and northing of a scene's upper left corner."""
    row, column = divmod(seed % _IN_A_ROW**2, _IN_A_ROW)
    return _ORIGIN[0] + column * _APART, _ORIGIN[1] - row * _APART


@dataclass(frozen=True)
class SceneSpec:
    """What to render.

    Attributes:
        height: Rows.
        width: Columns.
        seed: Everything random comes from it, the region and the size.
        region: A name in :data:`~.region.REGIONS`, or a region of one's own.
        pixel_size: Metres.
    """

    height: int
    width: int
    seed: int = 0
    region: str | Region = "gyeonggi"
    pixel_size: float = 0.25


@dataclass(frozen=True)
class RenderedScene:
    """A scene and the truth about it.

    Attributes:
        image: (H, W, 3) uint8.
        fields: The target fields: geometry, ``crop`` (always ``'ginseng'``),
            ``colour``, ``contrast`` (0 invisible to 1 fresh), ``area_m2``.
        lookalikes: Parcels that resemble the target, with their ``use``.
        transform: Pixel to CRS coordinates.
    """

    image: np.ndarray
    fields: geopandas.GeoDataFrame
    lookalikes: geopandas.GeoDataFrame
    transform: rasterio.Affine


def render_scene(spec: SceneSpec) -> RenderedScene:
    """Render a scene.

    A mosaic of parcels, some under ginseng (the region's ``target_share`` of the
    pixels), furrows, mulch and greenhouses of the same period, tracks and ditches
    between the blocks, woods, a stream; then slow light, the sensor's blur and its
    noise.

    Args:
        spec: What to render.

    Raises:
        UserError: The size or the pixel size is no use, or there is no such region.
    """
    if spec.height < 1 or spec.width < 1 or not spec.pixel_size > 0:
        raise UserError(
            f"scene: {spec.height} x {spec.width} pixels of {spec.pixel_size} m, "
            "expected positive numbers"
        )
    region = spec.region
    if isinstance(region, str):
        region = get_region(region)
    shape, metres = (spec.height, spec.width), spec.pixel_size
    # Independent streams, so that a change in one part leaves the others alone.
    streams = iter(np.random.default_rng(spec.seed).spawn(8))
    parcels = lay_out_parcels(next(streams), shape, metres, region)
    cover = _Cover.lay(next(streams), parcels, region, metres)
    land, chooser = next(streams), next(streams)
    names = list(region.land_use)
    uses = land.choice(len(names), parcels.number, p=list(region.land_use.values()))
    share = region.target_share
    chosen = _choose_parcels(chooser, parcels, cover.open, metres, share)
    fields = draw_fields(chooser, chosen, region)
    # Nets stand on open ground, not on houses or tunnels.
    ground = [names.index(name) for name in ("bare", "crop")]
    uses[chosen] = chooser.choice(ground, len(chosen))
    image = paint_land_use(land, parcels, region, uses, metres)
    painter = next(streams)
    masks = {}
    for field in fields:
        inside = _pixels_of(parcels, field, cover.open)
        masks[field.parcel] = inside
        paint_nets(painter, image, parcels, field, inside)
    _paint_cover(next(streams), image, parcels, cover)
    image = _expose(next(streams), image, region, metres)
    east, north = _origin(spec.seed)
    transform = rasterio.Affine(metres, 0, east, 0, -metres, north)
    look = np.isin(uses, [names.index(name) for name in LOOKALIKES])
    look[chosen] = False
    return RenderedScene(
        image=image,
        fields=_field_table(fields, masks, shape, transform),
        lookalikes=_lookalike_table(parcels, look, uses, names, cover.open, transform),
        transform=transform,
    )


@dataclass(frozen=True)
class _Cover:
    """What lies over the parcels: (H, W) bool each."""

    woods: np.ndarray
    water: np.ndarray
    tracks: np.ndarray
    ditches: np.ndarray
    bunds: np.ndarray

    @property
    def open(self) -> np.ndarray:
        """Where a field can be."""
        return ~(self.woods | self.water | self.tracks | self.ditches)

    @classmethod
    def lay(
        cls,
        rng: np.random.Generator,
        parcels: Parcels,
        region: Region,
        metres: float,
    ) -> "_Cover":
        shape = parcels.ids.shape
        hills = smooth_noise(rng, shape, 160 / metres)
        ragged = hills + 0.12 * smooth_noise(rng, shape, 12 / metres)
        woods = ragged > np.quantile(ragged, 1 - region.woods)
        rows, columns = np.indices(shape, dtype=np.float32)
        middle = rng.uniform(0.1, 0.9) * shape[1]
        slope = rng.normal(0, 0.3)
        bends = 25 / metres * smooth_noise(rng, shape, 120 / metres)
        stream = np.abs(columns - middle - slope * rows + bends) * metres
        is_track = parcels.border < 0.55
        bank = rng.uniform(3, 7)
        return cls(
            woods=woods & (stream > bank + 4),
            water=stream < bank,
            tracks=is_track & (parcels.verge < 1.8),
            ditches=~is_track & (parcels.verge < 1.1),
            bunds=parcels.edge < 0.45,
        )


def _choose_parcels(
    rng: np.random.Generator,
    parcels: Parcels,
    free: np.ndarray,
    metres: float,
    target_share: float,
) -> list[int]:
    """Parcels to put nets on, until the target's share is reached."""
    total = np.bincount(parcels.ids.ravel(), minlength=parcels.number)
    usable = np.bincount(parcels.ids[free], minlength=parcels.number)
    area = usable * metres**2
    wide_enough = (area > _FIELD_METRES[0]) & (area < _FIELD_METRES[1])
    candidates = np.flatnonzero(wide_enough & (usable > 0.9 * total))
    if len(candidates) == 0:
        candidates = np.array([int(np.argmax(usable))])
    order = rng.permutation(candidates)
    goal = target_share * parcels.ids.size
    # A tenth of a parcel is margin.
    taken = np.cumsum(usable[order] * 0.9)
    number = int(np.argmin(np.abs(taken - goal))) + 1
    return order[:number].tolist()


def _pixels_of(
    parcels: Parcels, field: NetField, free: np.ndarray
) -> tuple[np.ndarray, ...]:
    mine = (parcels.ids == field.parcel) & free
    inner = mine & (parcels.edge > field.margin)
    labels, number = ndimage.label(inner)
    if number == 0:
        return np.nonzero(mine)
    largest = int(np.argmax(np.bincount(labels.ravel())[1:])) + 1
    return np.nonzero(labels == largest)


def _paint_cover(
    rng: np.random.Generator, image: np.ndarray, parcels: Parcels, cover: _Cover
) -> None:
    shape = image.shape[:2]
    fine = smooth_noise(rng, shape, 3)[..., None]
    grass = np.array([104, 112, 72], np.float32) + 8 * fine
    soft = ndimage.gaussian_filter(cover.bunds.astype(np.float32), 0.8)[..., None]
    image += (grass - image) * soft * 0.55
    track = np.array([172, 164, 150], np.float32) + 6 * fine
    wheel = np.abs(parcels.verge - 0.9) < 0.35
    image[cover.tracks] = track[cover.tracks]
    image[cover.tracks & ~wheel & (parcels.verge < 0.5)] -= 14
    image[cover.ditches] = (grass * 0.55)[cover.ditches]
    water = np.array([66, 82, 84], np.float32) + 3 * fine
    bank = ndimage.binary_dilation(cover.water, iterations=6) & ~cover.water
    image[bank] = (grass * 0.85)[bank]
    image[cover.water] = water[cover.water]
    canopy = paint_woods(rng, shape)
    shade = ndimage.shift(cover.woods.astype(np.float32), (3, 5), order=0)
    image *= (1 - 0.35 * ((shade > 0) & ~cover.woods))[..., None]
    image[cover.woods] = canopy[cover.woods]


def _expose(
    rng: np.random.Generator, image: np.ndarray, region: Region, metres: float
) -> np.ndarray:
    """Light that changes slowly, the sensor's blur and noise, eight bits."""
    shape = image.shape[:2]
    light = 1 + 0.07 * smooth_noise(rng, shape, 220 / metres)
    lit = image * light[..., None] * np.array(region.light, np.float32) + region.haze
    blurred = ndimage.gaussian_filter(lit, (0.7, 0.7, 0))
    noise = rng.standard_normal(image.shape, np.float32)
    noisy = blurred + 2.6 * ndimage.gaussian_filter(noise, (0.4, 0.4, 0))
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _field_table(
    fields: list[NetField],
    masks: dict[int, tuple[np.ndarray, ...]],
    shape: tuple[int, int],
    transform: rasterio.Affine,
) -> geopandas.GeoDataFrame:
    labels = np.zeros(shape, np.int32)
    for number, field in enumerate(fields, start=1):
        labels[masks[field.parcel]] = number
    rows = []
    for geometry, value in shapes(labels, labels > 0, 8, transform):
        field = fields[int(value) - 1]
        # Half a pixel: an annotator draws straight lines, not steps.
        polygon = to_geometry(geometry).simplify(0.75 * transform.a)
        rows.append(
            {
                "crop": "ginseng",
                "colour": "#{:02x}{:02x}{:02x}".format(*map(int, field.colour)),
                "contrast": round(field.contrast, 3),
                "area_m2": round(polygon.area, 1),
                "geometry": polygon,
            }
        )
    return geopandas.GeoDataFrame(rows, crs=CRS)


def _lookalike_table(
    parcels: Parcels,
    look: np.ndarray,
    uses: np.ndarray,
    names: list[str],
    free: np.ndarray,
    transform: rasterio.Affine,
) -> geopandas.GeoDataFrame:
    ids = np.where(look[parcels.ids] & free & (parcels.edge > 1), parcels.ids + 1, 0)
    rows = [
        {"use": names[uses[int(value) - 1]], "geometry": to_geometry(geometry)}
        for geometry, value in shapes(ids.astype(np.int32), ids > 0, 4, transform)
    ]
    table = geopandas.GeoDataFrame(rows, columns=["use", "geometry"], crs=CRS)
    return table[table.area > _FIELD_METRES[0]].reset_index(drop=True)
