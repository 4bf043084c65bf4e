"""Which labels look wrong."""

from dataclasses import dataclass

import geopandas
import numpy as np
import rasterio
import shapely

from mmext.mapping.error_atlas import area_m2
from mmext.pixel_values import IGNORE

from .components import Components
from .finding import MISSING, SHIFTED, WRONG, Evidence, Found, find

#: Where a probability of 0 meets a target, the loss is that of this.
_LEAST = 1e-6
_COLUMNS = ["kind", "share_wrong", "first_epoch", "last_epoch", "probability"]
_COLUMNS += ["likeness", "loss", "score", "verdict", "row", "column", "side", "objects"]
#: An outline lies on a label of which it covers this much.
_ON = 0.1


@dataclass(frozen=True)
class ErrorHistory:
    """A scene's part of a bank with counts.

    Attributes:
        counts: (H, W) ``fn_count``, ``fp_count``, ``first_epoch``, ``last_epoch``.
        passes: Passes that the bank counted.
        begin: Epoch in which it began.
        epoch: Epoch of the snapshot.
    """

    counts: dict[str, np.ndarray]
    passes: int
    begin: int
    epoch: int

    def lateness(self, last: int) -> float:
        """Where an epoch lies between the first and the last, in [0, 1]."""
        return (last - self.begin) / max(self.epoch - self.begin, 1)


def label_candidates(
    labels: np.ndarray,
    predicted: np.ndarray,
    probability: np.ndarray,
    history: ErrorHistory,
    transform: rasterio.Affine,
    crs: str | None,
    tolerance: int = 2,
    min_pixels: int = 16,
    objects: np.ndarray | None = None,
) -> geopandas.GeoDataFrame:
    """Candidate label errors of one scene, unranked.

    * *missing target*: a false-positive region away from every label; the more alike,
      the nearer it comes to the median label's area;
    * *wrong target*: a label whose inner half was a false negative at least half as
      often as all of it, and does not lie beside a predicted one; the more alike, the
      more of it was ever one;
    * *boundary shift*: a label with errors along its edge that are wider than the
      tolerance; the more alike, the farther the centres of what was missed and of
      what was extra lie apart, over the label's width. Its geometry is the outline
      that the model predicts, at least a tenth of the label's size. Labels that
      have this outline in common are one candidate, the most suspicious one's.

    Score = share of passes wrong × lateness × likeness × disagreement, each in [0, 1];
    lateness is (last epoch − begin) / (epoch − begin), disagreement is the present
    mean of |probability − label| where it was wrong.

    Args:
        labels: (H, W) uint8 in {0, 1, 255}.
        predicted: (H, W) bool, what the final model decides.
        probability: (H, W) float in [0, 1] of the target, by the final model.
        history: What was wrong how often and when.
        transform: Pixel to CRS coordinates.
        crs: Of the result.
        tolerance: Width in pixels of errors that are only a ragged edge.
        min_pixels: Smaller false-positive regions are no missing targets.
        objects: (H, W) int32, each label's number where it is target, 0 elsewhere;
            None takes the connected components of the labels.

    Returns:
        ``kind``, ``area_m2``, ``share_wrong`` (of the passes), ``first_epoch``,
        ``last_epoch``, ``probability`` (present mean), ``likeness``, ``loss``
        (present mean cross-entropy where it was wrong), ``score``, ``verdict``
        (empty), ``row`` and ``column`` of the centre, ``side`` in pixels, and
        ``objects``: a tuple of the numbers of the labels that it is about.
    """
    counts = history.counts
    fn, fp = (
        (counts[f"{kind}_count"] > 0) & (labels != IGNORE) for kind in ("fn", "fp")
    )
    evidence = Evidence(
        objects=(
            Components.connected(labels == 1)
            if objects is None
            else Components.numbered(objects)
        ),
        predicted=Components.connected(predicted & (labels != IGNORE)),
        extra=Components.connected(fp),
        missed=fn,
        times=np.where(fn | fp, counts["fn_count"] + counts["fp_count"], 0),
    )
    found, rows = [], []
    for item in find(evidence, tolerance, min_pixels):
        found.append(item)
        rows.append(_describe(item, evidence.times, labels, probability, history))
    table = geopandas.GeoDataFrame(
        rows,
        columns=_COLUMNS,
        geometry=_outlines(found, evidence, transform),
        crs=crs,
    )
    table["objects"] = _objects(found, evidence)
    table = _one_per_outline(table, found)
    table.insert(1, "area_m2", area_m2(table.geometry))
    return table


def _describe(
    item: Found,
    times: np.ndarray,
    labels: np.ndarray,
    probability: np.ndarray,
    history: ErrorHistory,
) -> dict[str, object]:
    counts, window, errors = history.counts, item.window, item.errors
    wrong = times[window][errors].mean() / max(history.passes, 1)
    last = int(counts["last_epoch"][window][errors].max())
    present = probability[window].astype(np.float64)
    disagreement = np.abs(present - (labels[window] == 1))[errors]
    rows, columns = window
    return {
        "kind": item.kind,
        "share_wrong": float(wrong),
        "first_epoch": int(counts["first_epoch"][window][errors].min()),
        "last_epoch": last,
        "probability": float(present[item.shown].mean()),
        "loss": float(-np.log(np.maximum(1 - disagreement, _LEAST)).mean()),
        "likeness": float(item.likeness),
        "score": float(
            wrong * history.lateness(last) * item.likeness * disagreement.mean()
        ),
        "verdict": "",
        "row": (rows.start + rows.stop) // 2,
        "column": (columns.start + columns.stop) // 2,
        "side": max(item.shown.shape),
    }


def _outlines(
    found: list[Found], evidence: Evidence, transform: rasterio.Affine
) -> list[shapely.Geometry]:
    """All outlines of a kind are taken at once, which keeps the work linear."""
    sources = {
        MISSING: evidence.extra,
        WRONG: evidence.objects,
        SHIFTED: evidence.predicted,
    }
    shapes = {
        kind: source.outlines(
            {part for item in found if item.kind == kind for part in item.parts},
            transform,
        )
        for kind, source in sources.items()
    }
    return [_joined([shapes[item.kind][part] for part in item.parts]) for item in found]


def _joined(outlines: list[shapely.Geometry]) -> shapely.Geometry:
    """Components of one mask never touch, so they need no union."""
    if len(outlines) == 1:
        return outlines[0]
    return shapely.multipolygons(shapely.get_parts(outlines))


def _objects(found: list[Found], evidence: Evidence) -> list[tuple[int, ...]]:
    """The label itself, then others that a shift's outline lies on."""
    lying = evidence.predicted.covered(evidence.objects)
    objects = []
    for item in found:
        numbers = [item.label] if item.label else []
        if item.kind == SHIFTED:
            common: dict[int, int] = {}
            for part in item.parts:
                for number, pixels in lying.get(part, []):
                    common[number] = common.get(number, 0) + pixels
            sizes = evidence.objects.sizes
            numbers += [
                number
                for number, pixels in common.items()
                if number != item.label and pixels >= _ON * sizes[number - 1]
            ]
        objects.append(tuple(numbers))
    return objects


def _one_per_outline(
    table: geopandas.GeoDataFrame, found: list[Found]
) -> geopandas.GeoDataFrame:
    """Of shifts with one outline the most suspicious, for the labels of them all."""
    best: dict[tuple[int, ...], int] = {}
    dropped = []
    objects, scores = table["objects"].tolist(), table["score"].tolist()
    for index, item in enumerate(found):
        if item.kind != SHIFTED:
            continue
        other = best.setdefault(item.parts, index)
        if other == index:
            continue
        kept, left = (index, other) if scores[index] > scores[other] else (other, index)
        best[item.parts] = kept
        objects[kept] = tuple(dict.fromkeys(objects[kept] + objects[left]))
        dropped.append(left)
    table["objects"] = objects
    return table.drop(index=dropped).reset_index(drop=True)
