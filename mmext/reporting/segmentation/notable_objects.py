"""Objects that one stage alone found, and false positives of stage 2."""

from collections.abc import Sequence
from dataclasses import dataclass

import rasterio

from mmext.pixel_values import IGNORE
from mmext.raster.strip_polygons import StripObject, StripPolygonizer

from .scene_layers import SceneLayers

FOUND, LOST = "found by stage 2 only", "found by stage 1 only"
WHOLLY_FALSE, MOSTLY_FALSE = "wholly false", "mostly false"
_MIN_COVER = 0.5


@dataclass(frozen=True)
class NotableObject:
    """A true object that one stage alone found, or a false positive of stage 2.

    Attributes:
        kind: ``FOUND``, ``LOST``, ``WHOLLY_FALSE`` or ``MOSTLY_FALSE``.
        scene: The scene's name.
        pixels: Size.
        area_m2: Size on the ground, or None.
        box: First row, first column, height and width in the scene's mosaic.
        place: CRS coordinates of the middle of the box, or None.
        degrees: Longitude and latitude of it, or None.
    """

    kind: str
    scene: str
    pixels: int
    area_m2: float | None
    box: tuple[int, int, int, int]
    place: tuple[float, float] | None
    degrees: tuple[float, float] | None

    @property
    def in_degrees(self) -> bool:
        """Whether the place can be degrees, of which a good map has five decimals."""
        if self.place is None:
            return False
        x, y = self.place
        return abs(x) <= 180 and abs(y) <= 90

    def as_row(self, rank: int) -> dict[str, object]:
        """A row of the list; without a CRS x and y are column and row."""
        top, left, height, width = self.box
        x, y = self.place or (left + width / 2, top + height / 2)
        longitude, latitude = self.degrees or (None, None)
        return {
            "rank": rank,
            "kind": self.kind,
            "scene": self.scene,
            "pixels": self.pixels,
            "area_m2": None if self.area_m2 is None else round(self.area_m2, 1),
            "x": round(x, 6 if self.in_degrees else 1),
            "y": round(y, 6 if self.in_degrees else 1),
            "longitude": None if longitude is None else round(longitude, 7),
            "latitude": None if latitude is None else round(latitude, 7),
        }


def notable_objects(scene: SceneLayers) -> list[NotableObject]:
    """True objects that one stage alone found, and false positives of stage 2.

    An object is a connected part of the truth or of stage 2's decided mask. A true
    one is found if at least half of it is covered; a mapped one is a false positive if
    less than half of it is true, as in ``mmext.evaluation.objects``. Ignored pixels
    belong to nothing.

    Args:
        scene: With both stages.

    Returns:
        In no order.
    """
    true_objects = StripPolygonizer(
        rasterio.Affine.identity(), {"1": ("stage1", "sum"), "2": ("union", "sum")}
    )
    mapped = StripPolygonizer(rasterio.Affine.identity(), {"true": ("truth", "sum")})
    found: list[StripObject] = []
    said: list[StripObject] = []
    for layers in scene.strips():
        valid = layers["truth"] != IGNORE
        truth = layers["truth"] == 1
        union = (layers["codes"] > 0) & valid
        stage1 = layers["stage1"] & valid
        found += true_objects.add(truth, {"stage1": stage1, "union": union})
        said += mapped.add(union, {"truth": truth})
    found += true_objects.finish()
    said += mapped.finish()
    described = []
    for one in found:
        by1, by2 = (one.values[stage] / one.pixels >= _MIN_COVER for stage in "12")
        if by1 != by2:
            described.append(_described(scene, one, FOUND if by2 else LOST))
    for one in said:
        share = one.values["true"] / one.pixels
        if share < _MIN_COVER:
            kind = MOSTLY_FALSE if share else WHOLLY_FALSE
            described.append(_described(scene, one, kind))
    return described


def largest(objects: Sequence[NotableObject], kind: str) -> list[NotableObject]:
    """Those of a kind, the largest first."""
    chosen = [one for one in objects if one.kind == kind]
    return sorted(chosen, key=lambda one: (-one.pixels, one.scene, one.box))


def _described(scene: SceneLayers, one: StripObject, kind: str) -> NotableObject:
    left, top, right, bottom = (int(edge) for edge in one.geometry.bounds)
    height, width = bottom - top, right - left
    middle = top + (height - 1) / 2, left + (width - 1) / 2
    metres = scene.grid.metres
    return NotableObject(
        kind=kind,
        scene=scene.name,
        pixels=one.pixels,
        area_m2=None if metres is None else one.pixels * metres**2,
        box=(top, left, height, width),
        place=scene.grid.place(*middle),
        degrees=scene.grid.longitude_latitude(*middle),
    )
