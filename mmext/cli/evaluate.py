"""``mmext evaluate``."""

from mmext.checked import Share
from mmext.cli.arguments import OutputFolder, ReadableFile


def evaluate(
    map: ReadableFile,
    /,
    *,
    labels: ReadableFile,
    out: OutputFolder,
    label_layer: str | None = None,
    label_where: str | None = None,
    min_cover: Share = 0.5,
    area: ReadableFile | None = None,
) -> None:
    r"""Compare a map with labels, by pixel, by object and by area.

    The labels are taken for the truth. A map of polygons doesn't say where it ends:
    without --area all labels count.

    Writes pixels.csv (of polygons: in pixels of 0.1 m), objects.csv and objects.gpkg
    with the layers true_positives, false_negatives and false_positives, each with the
    channel it comes from. Of polygons that say how likely they are correct (by a model
    that mmext fit-decision was called for) also calibration.csv: how far that is from
    the share that is, with a 95 % interval, beside max_prob and mean_prob.

        mmext evaluate map/test_class.tif --labels data/demo/scenes/test_fields.gpkg \
            --out evaluation
        mmext evaluate map/test.gpkg --labels fields.gpkg \
            --label-where "crop = 'ginseng'" --area ortho.tif --out evaluation

    Args:
        map: A raster of classes (NAME_class.tif) or polygons (NAME.gpkg).
        labels: Labels, as polygons.
        out: Where results go, a folder.
        label_layer: Layer of the labels, if their file has several.
        label_where: Which labels count, as an SQL condition.
        min_cover: Share of an object that must be covered for it to be found.
        area: Polygons of what to evaluate, or a raster, whose valid pixels count.
    """
    from mmext.location import locate
    from mmext.mapping.map_evaluation import VECTOR_SUFFIXES, evaluate_map

    result = evaluate_map(map, labels, label_where, min_cover, area, label_layer)
    result.write(out)
    for channel, counts in result.pixels.items():
        print(
            f"{channel}: IoU {counts.iou:.4f}, FN/TP {counts.fn_tp:.4f}, FP/TP "
            f"{counts.fp_tp:.4f}"
        )
    objects = result.objects
    print(
        f"objects: {objects.found_objects} of {objects.true_objects} true ones found, "
        f"{objects.correct_objects} of {objects.predicted_objects} mapped ones correct"
    )
    if result.judgement:
        judged = result.judgement
        for score, error in zip(judged.scores, judged.errors, strict=False):
            print(
                f"{score}: calibration error {error.value:.3f} ({error.low:.3f} to "
                f"{error.high:.3f}) over {judged.objects} objects"
            )
    if result.outside:
        print(f"{result.outside} true objects lie outside and don't count")
    if area is None and locate(map).suffix.lower() in VECTOR_SUFFIXES:
        print(f"all of {locate(labels)} counts: no --area, and polygons have no extent")
    print(f"area error: {result.area_error:+.0f} m²")
