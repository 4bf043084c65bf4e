"""``mmext evaluate``."""

from typing import Annotated

from cyclopts import Parameter

from mmext.checked import Share
from mmext.cli.arguments import ExistingFile, OutputFolder


def evaluate(
    *,
    map_path: Annotated[ExistingFile, Parameter(name="--map")],
    truth: ExistingFile,
    out: OutputFolder,
    label_layer: str | None = None,
    label_where: Annotated[
        str | None, Parameter(name=["--label-where", "--where"])
    ] = None,
    min_cover: Share = 0.5,
    area: ExistingFile | None = None,
) -> None:
    r"""Compare a map with the true fields, by pixel, by field and by area.

    A map of polygons doesn't say where it ends: without --area all of the truth counts.

    Writes pixels.csv (of polygons: in pixels of 0.1 m), fields.csv and fields.gpkg with
    the layers hits, misses and false_alarms, each with the channel it comes from.

        mmext evaluate --map out/scene_class.tif --truth fields.geojson \
            --out work_dirs/evaluation
        mmext evaluate --map fields.gpkg --truth truth.gpkg \
            --label-where "crop = 'ginseng'" --area scene.tif --out work_dirs/evaluation

    Args:
        map_path: Classes or polygons.
        truth: Polygons.
        out: Folder.
        label_layer: Layer of the truth, if it has several.
        label_where: Attribute filter on the truth, in SQL.
        min_cover: Share of a field that must be covered for it to be found.
        area: Polygons of what to evaluate, or a raster, whose valid pixels count.
    """
    from mmext.mapping.evaluated_area import VECTOR_SUFFIXES
    from mmext.mapping.map_evaluation import evaluate_map

    result = evaluate_map(map_path, truth, label_where, min_cover, area, label_layer)
    result.write(out)
    for channel, counts in result.pixels.items():
        print(f"{channel}: IoU {counts.iou:.4f}, FN/TP {counts.fn_tp:.4f}")
    objects = result.objects
    print(f"fields: {objects.found_objects} of {objects.true_objects} found")
    print(f"mapped: {objects.correct_objects} of {objects.predicted_objects} correct")
    if result.outside:
        print(f"{result.outside} true fields lie outside and don't count")
    if area is None and map_path.suffix.lower() in VECTOR_SUFFIXES:
        print(f"all of {truth} counts: no --area, and polygons have no extent")
    print(f"area error: {result.area_error:+.0f} m²")
