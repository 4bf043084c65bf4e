"""How right a map is, by pixel, by object and by area."""

import os

from mmext.errors import UserError
from mmext.fileio.remote import is_file
from mmext.location import Address, locate
from mmext.prepare.labels import VectorLabels

from .area import VECTOR_SUFFIXES, read_area
from .class_raster import evaluate_raster
from .map_polygons import evaluate_polygons
from .result import MapEvaluation


def refuse_cover(min_cover: float) -> None:
    """Refuse a share of an object that is none.

    Raises:
        UserError: It is out of range.
    """
    if not 0 < min_cover <= 1:
        raise UserError(f"--min-cover: is {min_cover}, expected more than 0, at most 1")


def evaluate_map(
    map_path: str | os.PathLike[str] | Address,
    truth_path: str | os.PathLike[str] | Address,
    where: str | None = None,
    min_cover: float = 0.5,
    area_path: str | os.PathLike[str] | Address | None = None,
    layer: str | None = None,
) -> MapEvaluation:
    """Compare a map with the true objects.

    A class raster counts inside its valid pixels, a map of polygons inside the
    area (without one, wherever the truth reaches). True objects are cut to what is
    evaluated; of what is left of one, less than a hundredth of a m² is nothing. A true
    object is a true positive if at least ``min_cover`` of it is mapped, otherwise a
    false negative; a mapped one is a false positive if less than ``min_cover`` of it
    is true. Areas of objects that overlap count once.

    Args:
        map_path: Raster of classes (0 none, 1 target, 2 error, 3 both, 255
            no-data), or polygons, which may be none.
        truth_path: Polygons, in any CRS.
        where: Attribute filter on the truth, in SQL.
        min_cover: Share in (0, 1].
        area_path: Polygons of the area to evaluate, or a raster, whose valid pixels
            it is.
        layer: Layer of the truth; needed if there are several.

    Raises:
        UserError: A file can't be read, ``min_cover`` is out of range, the raster
            is no class raster or has no CRS, or nothing is left to evaluate.
    """
    refuse_cover(min_cover)
    map_path, truth_path = locate(map_path), locate(truth_path)
    area_path = locate(area_path) if area_path else None
    for path in (map_path, truth_path, area_path):
        if path is not None and not is_file(path):
            raise UserError(f"{path}: no such file")
    truth = VectorLabels(truth_path, layer, where)
    if truth.note:
        print(f"{truth_path}: {truth.note}")
    area = read_area(area_path) if area_path else None
    if map_path.suffix.lower() in VECTOR_SUFFIXES:
        return evaluate_polygons(map_path, truth, area, min_cover)
    return evaluate_raster(map_path, truth, area, min_cover)
