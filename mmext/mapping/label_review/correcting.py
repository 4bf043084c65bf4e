"""Writing labels with what was accepted of a review."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely

from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.location import Location, local_path

from .applying import Correction, plan_correction
from .label_file import LabelFile
from .label_table import LabelTable
from .verdicts import Verdicts


def apply_review(
    review: Path,
    labels: Location,
    out: Path,
    layer: str | None = None,
    where: str | None = None,
    force: bool = False,
    overwrite: bool = False,
) -> None:
    """Write labels corrected by a review's accepted candidates.

    The new GeoPackage has the labels' layer name, CRS, fields and features, also those
    that ``where`` leaves out; what the review doesn't concern is as it was. Prints what
    was applied, what had no effect and what was refused. Nothing is written when
    anything is refused.

    Args:
        review: A review with verdicts.
        labels: The labels that were reviewed; never changed.
        out: The new file, ``.gpkg``.
        layer: Layer of the labels.
        where: Attribute filter in SQL that the store was cut with.
        force: Apply what is implausible, too (:func:`.applying.plan_correction`).
        overwrite: Replace ``out`` if it is there.

    Raises:
        UserError: A file can't be read or written, the two don't belong together, or
            an accepted candidate is refused.
    """
    _check_target(out, (review, labels), overwrite)
    verdicts, file = Verdicts.read(review), LabelFile.read(labels, layer, where)
    print(f"{review}: {verdicts.counts()}")
    correction = _plan(verdicts, file, force)
    table = LabelTable.read(labels, file.layer)
    kept, wkb = _geometries(table, file, correction)
    added = _attributes(table, file) if correction.added else {}
    with atomic_path(out) as temporary:
        table.write(temporary, kept, wkb, added)
        lost = _lost_by_filter(temporary, file, kept, wkb)
    for line in correction.applied:
        print(f"applied: {line}")
    for line in correction.without_effect:
        print(f"no effect: {line}")
    if file.repaired:
        print(f"{labels}: {len(file.repaired)} invalid labels are written repaired")
    if lost:
        print(f"{out}: {where} leaves out {lost} added labels: set their fields")
    print(
        f"{out}: {len(wkb)} labels ({len(table.wkb)} before): {len(correction.added)} "
        f"added, {len(table.wkb) - len(kept)} dropped, {len(correction.replaced)} "
        "outlined anew"
    )


def _plan(verdicts: Verdicts, file: LabelFile, force: bool) -> Correction:
    """What to do, if nothing is refused."""
    review = verdicts.path
    if verdicts.table.crs is None:
        raise UserError(
            f"{review}: has no coordinate system, can't be laid on {file.path}"
        )
    plan = plan_correction(verdicts.table, file)
    if verdicts.fingerprint not in (None, file.fingerprint):
        print(f"{file.path}: has changed since it was reviewed")
        if plan.added and not plan.replaced and not plan.dropped:
            plan.implausible.append(
                f"{file.path}: no accepted candidate names one of its labels, so that "
                "these may be others than those reviewed"
            )
    if plan.renumbered:
        print(
            f"{file.path}: {plan.renumbered} labels have another id than when they "
            "were reviewed; found by their geometry"
        )
    refused = [*plan.refused, *([] if force else plan.implausible)]
    if len(refused) > 1:
        for line in refused:
            print(f"refused: {line}")
    if refused:
        more = f" (and {len(refused) - 1} more, see above)" if len(refused) > 1 else ""
        hint = "" if plan.refused else "; --force applies what is implausible"
        raise UserError(f"{review}: nothing written: {refused[0]}{more}{hint}")
    for line in plan.implausible:
        print(f"forced: {line}")
    return plan


def _check_target(out: Path, inputs: Sequence[Location], overwrite: bool) -> None:
    if out.suffix.lower() != ".gpkg":
        raise UserError(f"{out}: expected a GeoPackage, a name that ends in .gpkg")
    for path in map(local_path, inputs):
        if path is not None and out.resolve() == path.resolve():
            raise UserError(f"{out}: is what is read, expected a new file")
    if out.exists() and not (overwrite and out.is_file()):
        raise UserError(f"{out}: exists, expected a new file or --overwrite")


def _geometries(
    table: LabelTable, file: LabelFile, plan: Correction
) -> tuple[list[int], list[bytes | None]]:
    """The features to keep; their geometries, then those of new ones."""
    parts: dict[int, list[int]] = {}
    for part, feature in enumerate(file.feature.tolist()):
        parts.setdefault(feature, []).append(part)
    polygons = file.polygons.to_numpy()
    kept, wkb = [], []
    for feature, old in enumerate(table.wkb):
        mine = parts.get(feature, [])
        concerned = [p for p in mine if p in plan.dropped or p in plan.replaced]
        left = [p for p in mine if p not in plan.dropped]
        if concerned and not left:
            continue
        kept.append(feature)
        if not concerned and feature not in file.repaired:
            wkb.append(old)
            continue
        shapes = [plan.replaced.get(part, polygons[part]) for part in left]
        wkb.append(_written(shapes, table.geometry_type))
    wkb += [_written([shape], table.geometry_type) for shape in plan.added]
    return kept, wkb


def _written(shapes: Sequence[shapely.Geometry], geometry_type: str) -> bytes:
    """One geometry of polygons, as a layer of that type has them."""
    parts = shapely.get_parts(shapes)
    several = len(parts) > 1
    shape = shapely.multipolygons(parts) if several else parts[0]
    if not shape.is_valid:
        # A new outline may lie on the feature's other parts.
        shape = shapely.union_all(parts)
    if geometry_type.startswith("Multi") and shape.geom_type == "Polygon":
        shape = shapely.multipolygons([shape])
    if geometry_type.endswith(" Z"):
        shape = shapely.force_3d(shape)
    return shapely.to_wkb(shape, flavor="iso")


def _attributes(table: LabelTable, file: LabelFile) -> dict[str, Any]:
    """What the filter says of every label, so that it selects new ones, too."""
    chosen = np.unique(file.feature)
    values = {}
    for name, column, empty in zip(table.fields, table.values, table.null, strict=True):
        named = file.where and re.search(rf"\b{re.escape(name)}\b", file.where, re.I)
        same = not empty[chosen].any() and len(set(column[chosen].tolist())) == 1
        if named and same:
            values[name] = column[chosen[0]]
    return values


def _lost_by_filter(
    path: Path, file: LabelFile, kept: Sequence[int], wkb: Sequence[bytes | None]
) -> int:
    """How many new features the filter would leave out."""
    if file.where is None:
        return 0
    _, chosen, _, _ = pyogrio.raw.read(
        path,
        columns=[],
        where=file.where,
        read_geometry=False,
        return_fids=True,
    )
    old = len(set(kept) & set(file.selected))
    return len(wkb) - len(kept) - (len(chosen) - old)
