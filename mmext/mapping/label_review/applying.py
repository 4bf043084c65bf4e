"""What accepted candidates change in the labels."""

import functools
from dataclasses import dataclass, field

import geopandas
import shapely

from mmext.raster.ground_area import ground_area
from mmext.raster.valid_polygons import valid_polygons

from .finding import MISSING, SHIFTED, WRONG
from .label_file import LabelFile
from .verdicts import ACCEPT

#: A label's new outline is at most this many times as large or as small.
MOST_AREA_RATIO = 3.0
#: It shares at least this much of the smaller of the two.
LEAST_OVERLAP = 0.3
#: A label of which the scene showed less can't be outlined from it.
LEAST_SEEN = 0.95
#: A missing target covered by labels to this share is not missing.
MOST_COVERED = 0.5


@dataclass
class Correction:
    """What to do with the parts of a label file.

    Attributes:
        replaced: By part its new outline, in the labels' CRS.
        dropped: By part the candidate that drops it.
        added: Polygons to add, in the labels' CRS.
        applied: A line for each candidate that changes something.
        without_effect: A line for each accepted one that doesn't, with the reason.
        refused: A line for each that can't be applied, with the reason.
        implausible: A line for each that is applied only by force.
        renumbered: Labels that were found under another id.
    """

    replaced: dict[int, shapely.Geometry] = field(default_factory=dict)
    dropped: dict[int, str] = field(default_factory=dict)
    added: list[shapely.Geometry] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    without_effect: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    implausible: list[str] = field(default_factory=list)
    renumbered: int = 0


def plan_correction(
    candidates: geopandas.GeoDataFrame, labels: LabelFile
) -> Correction:
    """Decide what the candidates with the verdict ``accept`` change.

    A wrong target drops the labels that it names, whatever of them its outline holds;
    a boundary shift gives the first label that it names a new outline; a missing target
    is added unless labels cover :data:`MOST_COVERED` of it already.

    A new outline is implausible if it lies on other labels, too (it drops those of
    which it covers :data:`MOST_COVERED`), is more than :data:`MOST_AREA_RATIO` times as
    large or as small as the label, has less than :data:`LEAST_OVERLAP` of the smaller
    of the two in common with it, or if the scene showed less than :data:`LEAST_SEEN` of
    the label.

    Args:
        candidates: As in :class:`.verdicts.Verdicts`.
        labels: The labels to correct.
    """
    accepted = candidates[candidates["verdict"] == ACCEPT]
    outlines = _outlines(accepted, labels)
    plan = _Plan(labels)
    # Whether a place is free is known when all labels there have been changed.
    steps = {WRONG: plan.drop, SHIFTED: plan.replace, MISSING: plan.add}
    for kind, apply in steps.items():
        for row in accepted[accepted["kind"] == kind].itertuples():
            candidate = _Candidate(
                f"{row.name} ({kind})",
                row.labels.split(),
                row.label_seen,
                outlines.get(row.Index),
            )
            apply(candidate)
    return plan.correction


@dataclass(frozen=True)
class _Candidate:
    """An accepted one: what messages call it, and what it says."""

    title: str
    names: list[str]
    seen: float
    outline: shapely.Geometry | None


def _outlines(
    accepted: geopandas.GeoDataFrame, labels: LabelFile
) -> dict[int, shapely.Geometry]:
    """By row its polygon in the labels' CRS, where it has one."""
    shapes = accepted.geometry
    shapes = shapes[shapes.geom_type.isin(["Polygon", "MultiPolygon"])]
    if len(shapes) == 0:
        return {}
    # An annotator may have moved a corner, and a transformation may cross lines.
    shapes = valid_polygons(valid_polygons(shapes).to_crs(labels.polygons.crs))
    return dict(shapes.items())


class _Plan:
    def __init__(self, labels: LabelFile) -> None:
        self.labels = labels
        self.correction = Correction()
        self._polygons = labels.polygons.to_numpy()
        self._outlined: dict[int, str] = {}

    def drop(self, candidate: _Candidate) -> None:
        """Drop the labels that a wrong target names."""
        parts = self._parts(candidate)
        left = [part for part in parts if part not in self.correction.dropped]
        if parts and not left:
            other = self.correction.dropped[parts[0]]
            self._say("without_effect", candidate, f"{other} drops its label")
            return
        if left:
            self.correction.dropped |= dict.fromkeys(left, candidate.title)
            self._say("applied", candidate, f"dropped {self._called(left)}")

    def replace(self, candidate: _Candidate) -> None:
        """Give the label that a boundary shift names its outline."""
        parts = self._parts(candidate)
        if not parts:
            return
        if candidate.outline is None:
            self._say("refused", candidate, "has no polygon, expected one")
            return
        first, outline = parts[0], candidate.outline
        label = self._polygons[first]
        others = [part for part in parts[1:] if part not in self.correction.dropped]
        swallowed = [
            part
            for part in others
            if _share(self._polygons[part], outline) >= MOST_COVERED
        ]
        for part in (first, *swallowed):
            other = self.correction.dropped.get(part) or self._outlined.get(part)
            if other:
                reason = f"{other} changes {self._called([part])}, too; accept one"
                self._say("refused", candidate, reason)
                return
        if not others and shapely.equals(label, outline):
            self._say("without_effect", candidate, "the label has this outline")
            return
        doubts = self._doubts(outline, candidate.seen, [first, *others])
        if doubts:
            self._say("implausible", candidate, "; ".join(doubts))
        self.correction.replaced[first] = outline
        self.correction.dropped |= dict.fromkeys(swallowed, candidate.title)
        self._outlined[first] = candidate.title
        old, new = self._square_metres(label), self._square_metres(outline)
        done = f"outlined {self._called([first])} anew, {old} before, {new} now"
        if swallowed:
            done += f", and dropped {self._called(swallowed)} inside"
        self._say("applied", candidate, done)

    def add(self, candidate: _Candidate) -> None:
        """Add a missing target where no label lies."""
        outline = candidate.outline
        if outline is None:
            self._say("refused", candidate, "has no polygon, expected one")
            return
        there = self._polygons[
            [
                part
                for part in self._tree.query(outline, "intersects").tolist()
                if part not in self.correction.dropped
                and part not in self.correction.replaced
            ]
        ].tolist()
        new = [*self.correction.replaced.values(), *self.correction.added]
        there += [shape for shape in new if shape.intersects(outline)]
        covered = _share(outline, shapely.union_all(there))
        if covered >= MOST_COVERED:
            reason = f"labels cover {covered:.0%} of it already"
            self._say("without_effect", candidate, reason)
            return
        self.correction.added.append(outline)
        self._say("applied", candidate, f"added {self._square_metres(outline)}")

    @functools.cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._polygons)

    def _parts(self, candidate: _Candidate) -> list[int]:
        """What a candidate names; refuses it where that is not all there."""
        found = {name: self.labels.find(name) for name in candidate.names}
        lost = [name.split("#")[0] for name, part in found.items() if part is None]
        if not found:
            reason = "names no label; review again with the labels"
            self._say("refused", candidate, reason)
            return []
        if lost:
            reason = (
                f"label {', '.join(lost)} is not in {self.labels.path} as it was "
                "reviewed"
            )
            self._say("refused", candidate, reason)
            return []
        parts = [part for part in found.values() if part is not None]
        self.correction.renumbered += sum(
            self.labels.names[part] != name
            for name, part in zip(found, parts, strict=True)
        )
        return parts

    def _doubts(
        self, outline: shapely.Geometry, seen: float, parts: list[int]
    ) -> list[str]:
        """Why a new outline can hardly be the first part's."""
        label, doubts = self._polygons[parts[0]], []
        if len(parts) > 1:
            doubts.append(f"its outline lies on several, {self._called(parts)}")
        ratio = outline.area / label.area
        if not 1 / MOST_AREA_RATIO <= ratio <= MOST_AREA_RATIO:
            doubts.append(
                f"its outline has {self._square_metres(outline)}, "
                f"{self._called(parts[:1])} {self._square_metres(label)} (expected at "
                f"most {MOST_AREA_RATIO:g} times as much or as little)"
            )
        smaller, larger = sorted((label, outline), key=shapely.area)
        overlap = _share(smaller, larger)
        if overlap < LEAST_OVERLAP:
            doubts.append(
                f"its outline and {self._called(parts[:1])} have {overlap:.0%} of the "
                f"smaller in common (expected at least {LEAST_OVERLAP:.0%})"
            )
        if seen < LEAST_SEEN:
            doubts.append(
                f"the scene shows {seen:.0%} of {self._called(parts[:1])} "
                f"(expected at least {LEAST_SEEN:.0%})"
            )
        return doubts

    def _called(self, parts: list[int]) -> str:
        names = [self.labels.names[part].split("#")[0] for part in parts]
        return f"label{'s' if len(names) > 1 else ''} {', '.join(names)}"

    def _square_metres(self, shape: shapely.Geometry) -> str:
        series = geopandas.GeoSeries([shape], crs=self.labels.polygons.crs)
        return f"{ground_area(series)[0]:.1f} m²"

    def _say(self, where: str, candidate: _Candidate, what: str) -> None:
        getattr(self.correction, where).append(f"{candidate.title}: {what}")


def _share(polygon: shapely.Geometry, other: shapely.Geometry) -> float:
    """How much of a polygon another one covers, in [0, 1]."""
    return float(shapely.area(shapely.intersection(polygon, other)) / polygon.area)
