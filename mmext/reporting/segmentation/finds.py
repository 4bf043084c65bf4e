"""Fields that only stage 2 found, and false alarms, by size (Figures 12 and 13)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mmext.pixel_values import IGNORE

from .scene_layers import SceneLayers

FOUND, LOST, FALSE = "found by stage 2 only", "found by stage 1 only", "false alarm"
OVERSHOOT = "mostly false"
HEADINGS = {
    "rank": "Rank",
    "kind": "Kind",
    "scene": "Scene",
    "pixels": "Pixels",
    "area_m2": "Area, m²",
    "x": "x",
    "y": "y",
    "longitude": "Longitude",
    "latitude": "Latitude",
}
_EIGHT_CONNECTED = np.ones((3, 3), int)
_MIN_COVER = 0.5


@dataclass(frozen=True)
class Find:
    """A field or a false alarm.

    Attributes:
        kind: ``FOUND``, ``LOST``, ``FALSE`` or ``OVERSHOOT``.
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

    def as_row(self, rank: int) -> dict[str, object]:
        """The columns of ``HEADINGS``; without a CRS x and y are column and row."""
        top, left, height, width = self.box
        x, y = self.place or (left + width / 2, top + height / 2)
        longitude, latitude = self.degrees or (None, None)
        return {
            "rank": rank,
            "kind": self.kind,
            "scene": self.scene,
            "pixels": self.pixels,
            "area_m2": None if self.area_m2 is None else round(self.area_m2, 1),
            "x": round(x, 6 if abs(x) <= 180 and self.place else 1),
            "y": round(y, 6 if abs(y) <= 90 and self.place else 1),
            "longitude": None if longitude is None else round(longitude, 7),
            "latitude": None if latitude is None else round(latitude, 7),
        }


def find_differences(scene: SceneLayers) -> list[Find]:
    """What changed from stage 1 to stage 2, field by field.

    A field is an 8-connected component of the truth; it is found if at least half of
    it is covered. A component of stage 2's decided mask is a false alarm if none of
    it is true, and mostly false if less than half is; the two together are what
    ``mmext.evaluation.objects`` does not count as correct. Ignored pixels belong to
    nothing.

    Args:
        scene: With both stages.

    Returns:
        In no order.
    """
    if scene.stage1 is None or scene.codes is None:
        return []
    valid = scene.truth != IGNORE
    truth, stage1 = scene.truth == 1, scene.stage1 & valid
    union = (scene.codes > 0) & valid
    labels, sizes, share1 = _cover(truth, stage1)
    _, _, share2 = _cover(truth, union)
    by1, by2 = share1 >= _MIN_COVER, share2 >= _MIN_COVER
    kinds = np.where(by2 & ~by1, FOUND, np.where(by1 & ~by2, LOST, ""))
    found = _describe(scene, labels, sizes, kinds.tolist())
    labels, sizes, true = _cover(union, truth)
    wrong = np.where(true == 0, FALSE, np.where(true < _MIN_COVER, OVERSHOOT, ""))
    return found + _describe(scene, labels, sizes, wrong.tolist())


def rank_finds(finds: Sequence[Find], kind: str) -> list[Find]:
    """Those of a kind, the largest first."""
    chosen = [find for find in finds if find.kind == kind]
    return sorted(chosen, key=lambda find: (-find.pixels, find.scene, find.box))


def _cover(
    objects: np.ndarray, cover: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    labels, number = ndimage.label(objects, structure=_EIGHT_CONNECTED)
    inside = labels[objects]
    sizes = np.bincount(inside, minlength=number + 1)[1:]
    covered = np.bincount(inside, weights=cover[objects], minlength=number + 1)[1:]
    return labels, sizes, covered / sizes


def _describe(
    scene: SceneLayers, labels: np.ndarray, sizes: np.ndarray, kinds: list[str]
) -> list[Find]:
    finds = []
    boxes = ndimage.find_objects(labels)
    for box, size, kind in zip(boxes, sizes.tolist(), kinds, strict=True):
        if not kind:
            continue
        rows, columns = box
        height, width = rows.stop - rows.start, columns.stop - columns.start
        middle = rows.start + (height - 1) / 2, columns.start + (width - 1) / 2
        metres = scene.grid.metres
        finds.append(
            Find(
                kind=kind,
                scene=scene.name,
                pixels=size,
                area_m2=None if metres is None else size * metres**2,
                box=(rows.start, columns.start, height, width),
                place=scene.grid.place(*middle),
                degrees=scene.grid.longitude_latitude(*middle),
            )
        )
    return finds
