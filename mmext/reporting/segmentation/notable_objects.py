"""Objects that one stage alone found, and false positives of stage 2."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mmext.evaluation.objects import covered_objects
from mmext.pixel_values import IGNORE

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
    assert scene.stage1 is not None and scene.codes is not None
    valid = scene.truth != IGNORE
    truth, stage1 = scene.truth == 1, scene.stage1 & valid
    union = (scene.codes > 0) & valid
    labels, sizes, share1 = covered_objects(truth, stage1)
    _, _, share2 = covered_objects(truth, union)
    by1, by2 = share1 >= _MIN_COVER, share2 >= _MIN_COVER
    kinds = np.where(by2 & ~by1, FOUND, np.where(by1 & ~by2, LOST, ""))
    changed = _describe(scene, labels, sizes, kinds.tolist())
    labels, sizes, true = covered_objects(union, truth)
    partly = np.where(true < _MIN_COVER, MOSTLY_FALSE, "")
    kinds = np.where(true == 0, WHOLLY_FALSE, partly)
    return changed + _describe(scene, labels, sizes, kinds.tolist())


def largest(objects: Sequence[NotableObject], kind: str) -> list[NotableObject]:
    """Those of a kind, the largest first."""
    chosen = [one for one in objects if one.kind == kind]
    return sorted(chosen, key=lambda one: (-one.pixels, one.scene, one.box))


def _describe(
    scene: SceneLayers, labels: np.ndarray, sizes: np.ndarray, kinds: list[str]
) -> list[NotableObject]:
    objects = []
    boxes = ndimage.find_objects(labels)
    for box, size, kind in zip(boxes, sizes.tolist(), kinds, strict=True):
        if not kind:
            continue
        rows, columns = box
        height, width = rows.stop - rows.start, columns.stop - columns.start
        middle = rows.start + (height - 1) / 2, columns.start + (width - 1) / 2
        metres = scene.grid.metres
        objects.append(
            NotableObject(
                kind=kind,
                scene=scene.name,
                pixels=size,
                area_m2=None if metres is None else size * metres**2,
                box=(rows.start, columns.start, height, width),
                place=scene.grid.place(*middle),
                degrees=scene.grid.longitude_latitude(*middle),
            )
        )
    return objects
