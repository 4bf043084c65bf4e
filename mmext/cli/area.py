"""``mmext area``."""

import math
from typing import Annotated

from cyclopts import Parameter

from mmext.checked import Count, Index
from mmext.cli.arguments import ExistingFile, OutputFolder, ReadableFile
from mmext.errors import UserError


def area(
    map: ReadableFile,
    /,
    *,
    draw: Count | None = None,
    sample: ExistingFile | None = None,
    validated: Annotated[ExistingFile | None, Parameter(name="--by")] = None,
    seed: Index = 0,
    out: OutputFolder,
) -> None:
    r"""Estimate the area of a map's target, with its 95 % interval.

    What a map calls target is not its area: some of it is missed, some is none. A
    random sample of points within the map's classes, checked by eye, says how much
    (Olofsson et al. 2014). --draw writes such a sample, sample.gpkg, in which an
    annotator sets reference to 1 (target) or 0, and allocation.csv; --sample reads it
    and writes area.csv and matrix.csv.

        mmext area map/test_class.tif --draw 300 --out check
        mmext area map/test_class.tif --sample check/sample.gpkg --out area

    Without a sample, --by takes the errors that the model made on validation data for
    those of the map: a model's figure, as right as that assumption.

        mmext area map/map_class.vrt --by epoch_400_decided.pth --out area

    Args:
        map: A raster of classes (NAME_class.tif, map_class.vrt).
        draw: How many points to draw.
        sample: Points that were checked.
        validated: What mapped it, a checkpoint of mmext fit-decision.
        seed: Where random numbers start, of the points that are drawn.
        out: Where results go, a folder.
    """
    ways = {"--draw": draw, "--sample": sample, "--by": validated}
    given = [name for name, value in ways.items() if value is not None]
    if len(given) != 1:
        found = " and ".join(given) or "none of them"
        raise UserError(f"{', '.join(ways)}: is {found}, expected one")
    from mmext.location import locate
    from mmext.mapping.map_area import (
        draw_points,
        estimate_from_points,
        estimate_from_validation,
    )

    if draw is not None:
        allocation = draw_points(locate(map), draw, out, seed)
        for row in allocation.itertuples(index=False):
            print(f"{row[0]}: {row.points} points on {row.area_m2:,.0f} m²")
        print(f"{out / 'sample.gpkg'}: set reference to 1 (target) or 0")
        return
    if sample is not None:
        result = estimate_from_points(locate(map), sample)
    else:
        assert validated
        result = estimate_from_validation(locate(map), validated)
    result.write(out)
    print(f"mapped: {result.mapped_area:,.0f} m²")
    estimate = result.area
    interval = (
        "no interval"
        if math.isnan(estimate.error)
        else f"95 % interval {estimate.low:,.0f} to {estimate.high:,.0f}"
    )
    print(f"target, {result.kind}: {estimate.value:,.0f} m² ({interval})")
    for name, share in result.accuracies.items():
        title = name.replace("_", " ").replace("s acc", "'s acc")
        print(f"{title}: {share.value:.3f} ± {1.96 * share.error:.3f}")
    for note in result.notes:
        print(f"note: {note}")
