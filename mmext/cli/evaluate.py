"""``mmext evaluate``."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter
from pydantic import Field

from mmext.checked import Count, Share
from mmext.cli.arguments import OutputFolder, ReadableFile, at_most_one
from mmext.errors import UserError

if TYPE_CHECKING:
    from mmext.mapping.map_evaluation.result import MapCounts

_MANY = Group("Many sheets", validator=at_most_one, sort_key=1)


def evaluate(
    map: Annotated[list[ReadableFile], Field(min_length=1)],
    /,
    *,
    labels: ReadableFile,
    out: OutputFolder,
    label_layer: str | None = None,
    label_where: str | None = None,
    min_cover: Share = 0.5,
    area: ReadableFile | None = None,
    jobs: Annotated[Count, Parameter(group=_MANY)] = 1,
    cluster: Annotated[str | None, Parameter(group=_MANY)] = None,
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

    Several maps are sheets, rasters of classes. OUT/sheets has for each what is written
    for one, sheets.csv a row for each, and pixels.csv and objects.csv their sums. Those
    that are done are kept, and a second call goes on from there.

        mmext evaluate map/*_class.tif --labels fields.gpkg --out evaluation --jobs 4

    Args:
        map: A raster of classes (NAME_class.tif) or polygons (NAME.gpkg); several
            rasters of classes, or a .txt list of them.
        labels: Labels, as polygons.
        out: Where results go, a folder.
        label_layer: Layer of the labels, if their file has several.
        label_where: Which labels count, as an SQL condition.
        min_cover: Share of an object that must be covered for it to be found.
        area: Polygons of what to evaluate, or a raster, whose valid pixels count.
        jobs: How many at once: sheets, each in a process of its own.
        cluster: By the workers of a dask cluster: local, local:N for N processes
            here, tcp://HOST:PORT or a scheduler's .json file.
    """
    from mmext.location import locate
    from mmext.mapping.map_evaluation import (
        VECTOR_SUFFIXES,
        Question,
        evaluate_map,
        evaluate_maps,
    )
    from mmext.prepare.labels import LabelSource
    from mmext.prepare.scene_list import expand_images

    is_list = len(map) == 1 and locate(map[0]).suffix.lower() == ".txt"
    places = expand_images(map) if is_list else [locate(path) for path in map]
    if not places:
        raise UserError(f"{map[0]}: names no map")
    if len(places) > 1:
        question = Question(
            LabelSource(locate(labels), label_layer, label_where),
            min_cover,
            locate(area) if area else None,
        )
        total = evaluate_maps(places, question, out, jobs, cluster)
        _print_counts(total)
        print(
            f"{len(places)} sheets; an object that reaches into several counts in each"
        )
        return
    if jobs > 1 or cluster:
        raise UserError("--jobs, --cluster: are for several maps, found one")
    [path] = places
    result = evaluate_map(path, labels, label_where, min_cover, area, label_layer)
    result.write(out)
    _print_counts(result)
    if result.judgement:
        judged = result.judgement
        for score, error in zip(judged.scores, judged.errors, strict=False):
            print(
                f"{score}: calibration error {error.value:.3f} ({error.low:.3f} to "
                f"{error.high:.3f}) over {judged.objects} objects"
            )
    if result.outside:
        print(f"{result.outside} true objects lie outside and don't count")
    if area is None and path.suffix.lower() in VECTOR_SUFFIXES:
        print(f"all of {locate(labels)} counts: no --area, and polygons have no extent")


def _print_counts(counts: "MapCounts") -> None:
    for channel, of in counts.pixels.items():
        print(
            f"{channel}: IoU {of.iou:.4f}, FN/TP {of.fn_tp:.4f}, FP/TP {of.fp_tp:.4f}"
        )
    objects = counts.objects
    print(
        f"objects: {objects.found_objects} of {objects.true_objects} true ones found, "
        f"{objects.correct_objects} of {objects.predicted_objects} mapped ones correct"
    )
    print(f"area error: {counts.area_error:+.0f} m²")
