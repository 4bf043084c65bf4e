"""Labels as objects of their own on a scene's pixels."""

from dataclasses import dataclass

import geopandas
import numpy as np
import shapely
from rasterio.features import rasterize
from rasterio.windows import Window
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mmext.errors import UserError
from mmext.pixel_values import IGNORE
from mmext.raster.outlines import window_outline
from mmext.raster.scene_grid import SceneGrid

from .label_file import LabelFile

#: Labels with this much of their union in common show one thing twice.
_SAME = 0.5
#: Shares of the masks' target by which labels may differ from them unsaid, and at most.
_UNSAID, _MOST = 0.01, 0.5


@dataclass(frozen=True)
class SceneObjects:
    """What of the labels a scene shows.

    Attributes:
        ids: (H, W) int32, 0 where no label is target, otherwise an object's number
            from 1 on: ``ids - 1`` is an index of what follows.
        objects: (K,) the objects, as :class:`LabelObjects` counts them.
        pixels: (K,) how many valid pixels an object covers, others' in front of it
            left out.
        seen: (K,) share of the object that the scene shows, in [0, 1].
        differing: Pixels in which labels and masks disagree by more than a pixel's
            width.
        target: Pixels of the masks' target.
    """

    ids: np.ndarray
    objects: np.ndarray
    pixels: np.ndarray
    seen: np.ndarray
    differing: int
    target: int


class LabelObjects:
    """The parts of a label file on the grids of a store.

    Parts that lie on each other (half of their union in common) are one object, the
    same thing drawn twice. Of others that overlap the smaller lies in front.

    Args:
        labels: The labels.
        crs: The scenes' CRS.
    """

    def __init__(self, labels: LabelFile, crs: str) -> None:
        self.labels = labels
        self._polygons = labels.polygons.to_crs(crs)
        self._object = _grouped(self._polygons)

        self.number = int(self._object.max(initial=-1)) + 1
        self._parts: dict[int, list[str]] = {}
        for name, index in zip(labels.names, self._object.tolist(), strict=True):
            self._parts.setdefault(index, []).append(name)

    @property
    def doubled(self) -> int:
        """Parts that lie on another one."""
        return len(self._object) - self.number

    def names(self, index: int) -> list[str]:
        """The names of an object's parts."""
        return self._parts[index]

    def on(self, grid: SceneGrid, masks: np.ndarray) -> SceneObjects:
        """The objects on a scene's grid.

        Args:
            grid: The scene.
            masks: (H, W) uint8 in {0, 1, 255}, its labels as the store has them.
        """
        whole = Window(0, 0, grid.width, grid.height)
        outline = window_outline(whole, grid.transform)
        near = self._polygons.sindex.query(outline, predicate="intersects")
        shapes = self._polygons.to_numpy()[near]
        # The largest first: what is burnt later lies in front.
        order = np.argsort(-shapely.area(shapes), kind="stable")
        near, shapes = near[order], shapes[order]
        objects, number = np.unique(self._object[near], return_inverse=True)
        burnt = np.zeros(masks.shape, np.int32)
        if len(near):
            burnt = rasterize(
                zip(shapes, (number + 1).tolist(), strict=True),
                out_shape=masks.shape,
                transform=grid.transform,
                dtype=np.int32,
            )
        target, valid = masks == 1, masks != IGNORE
        # A store cut with --all-touched has a fringe of one pixel more.
        ids = np.where(burnt > 0, burnt, ndimage.grey_dilation(burnt, size=(3, 3)))
        ids[~target] = 0
        length = len(objects) + 1
        everywhere = np.bincount(burnt.ravel(), minlength=length)[1:]
        pixels = np.bincount(burnt[valid], minlength=length)[1:]
        inside = np.zeros(len(objects))
        whole = np.zeros(len(objects))
        np.add.at(whole, number, shapely.area(shapes))
        np.add.at(inside, number, shapely.area(shapely.intersection(shapes, outline)))
        return SceneObjects(
            ids=ids,
            objects=objects,
            pixels=pixels,
            seen=inside / whole * pixels / np.maximum(everywhere, 1),
            differing=int(
                (target & (ids == 0)).sum() + ((burnt > 0) & valid & ~target).sum()
            ),
            target=int(target.sum()),
        )


class Sightings:
    """What all scenes together show of the labels."""

    def __init__(self) -> None:
        self._best: dict[int, tuple[int, str]] = {}
        self._differing = 0
        self._target = 0

    def add(self, scene: str, shown: SceneObjects) -> None:
        """Take note of a scene."""
        self._differing += shown.differing
        self._target += shown.target
        for number, pixels in zip(
            shown.objects.tolist(), shown.pixels.tolist(), strict=True
        ):
            if pixels > self._best.get(number, (0, ""))[0]:
                self._best[number] = (pixels, scene)

    def best_scene(self, number: int) -> str:
        """The scene that shows most of an object, the first of several."""
        return self._best[number][1]

    def notes(self, objects: LabelObjects) -> list[str]:
        """What a reader of the review should know, a line each.

        Raises:
            UserError: The labels are not those that the store was cut with.
        """
        path, notes = objects.labels.path, []
        if objects.labels.repaired:
            notes.append(f"{path}: {len(objects.labels.repaired)} labels were repaired")
        if objects.doubled:
            notes.append(
                f"{path}: {objects.doubled} labels lie on another one; each such pair "
                "is reviewed as one"
            )
        outside = objects.number - len(self._best)
        if outside:
            notes.append(
                f"{path}: {outside} of {objects.number} labels show no pixel in any "
                "scene and are not reviewed"
            )
        share = self._differing / max(self._target, 1)
        if share > _MOST:
            raise UserError(
                f"{path}: differs from the store's masks by {share:.0%} of their "
                "target, expected the labels that the store was cut with (file, layer "
                "and filter)"
            )
        if share > _UNSAID:
            notes.append(
                f"{path}: differs from the store's masks by {share:.1%} of their "
                "target, and only what both have is reviewed; changed since the store "
                "was cut?"
            )
        return notes


def _grouped(polygons: geopandas.GeoSeries) -> np.ndarray:
    """(N,) the object of each polygon, counted from 0."""
    shapes = polygons.to_numpy()
    left, right = polygons.sindex.query(shapes, predicate="intersects")
    left, right = left[left < right], right[left < right]
    common = shapely.area(shapely.intersection(shapes[left], shapes[right]))
    area = shapely.area(shapes)
    same = common >= _SAME * (area[left] + area[right] - common)
    pairs = (np.ones(same.sum(), bool), (left[same], right[same]))
    graph = coo_array(pairs, shape=(len(shapes), len(shapes)))
    return connected_components(graph, directed=False)[1].astype(np.int64)
