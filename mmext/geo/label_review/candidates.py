"""Which labels look wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas
import numpy as np
import rasterio
import shapely
from rasterio.features import shapes
from scipy import ndimage
from shapely.geometry import shape

from mmext.geo.error_atlas import area_m2

from .kinds import MISSING, SHIFTED, WRONG

#: Where a probability of 0 meets a target, the loss is that of this.
_LEAST = 1e-6
_COLUMNS = ["kind", "share_wrong", "first_epoch", "last_epoch", "probability"]
_COLUMNS += ["likeness", "loss", "score", "verdict", "row", "column", "side"]
#: A label whose inner half was wrong this many times as often as all of it is wrong
#: altogether; otherwise its edge is.
_CORE = 0.5
#: One-sidedness above which a label lies beside its place even so.
_ASIDE = 0.75
_EIGHT_CONNECTED = np.ones((3, 3), int)

_Window = tuple[slice, slice]


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


@dataclass(frozen=True)
class _Found:
    """A candidate, in the window around it.

    Attributes:
        kind: See :mod:`.kinds`.
        window: Rows and columns.
        shown: Its outline, filled.
        errors: Where it was wrong.
        likeness: How much its shape is that of such an error, in [0, 1].
    """

    kind: str
    window: _Window
    shown: np.ndarray
    errors: np.ndarray
    likeness: float


@dataclass(frozen=True)
class _Components:
    """8-connected components, each with its window, so that none costs a scene."""

    ids: np.ndarray
    windows: list[_Window]
    sizes: np.ndarray

    @classmethod
    def of(cls, mask: np.ndarray) -> "_Components":
        ids, number = ndimage.label(mask, structure=_EIGHT_CONNECTED)
        sizes = np.bincount(ids.ravel(), minlength=number + 1)[1:]
        return cls(ids, ndimage.find_objects(ids), sizes)

    def around(self, indexes: Sequence[int]) -> list[_Window]:
        """The windows of some components."""
        return [self.windows[index - 1] for index in indexes]


def _widened(window: _Window) -> _Window:
    """One pixel more on each side, cut at the scene's edge."""
    rows, columns = window
    return (
        slice(max(0, rows.start - 1), rows.stop + 1),
        slice(max(0, columns.start - 1), columns.stop + 1),
    )


def _union(windows: Sequence[_Window]) -> _Window:
    rows, columns = zip(*windows, strict=True)
    return (
        slice(min(r.start for r in rows), max(r.stop for r in rows)),
        slice(min(c.start for c in columns), max(c.stop for c in columns)),
    )


def _without_zero(ids: np.ndarray) -> list[int]:
    return [index for index in np.unique(ids).tolist() if index]


def label_candidates(
    labels: np.ndarray,
    predicted: np.ndarray,
    probability: np.ndarray,
    history: ErrorHistory,
    transform: rasterio.Affine,
    crs: str | None,
    tolerance: int = 2,
    min_pixels: int = 16,
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
      that the model predicts.

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

    Returns:
        ``kind``, ``area_m2``, ``share_wrong`` (of the passes), ``first_epoch``,
        ``last_epoch``, ``probability`` (present mean), ``likeness``, ``loss``
        (present mean cross-entropy where it was wrong), ``score``, ``verdict``
        (empty), ``row`` and ``column`` of the centre, ``side`` in pixels.
    """
    counts = history.counts
    fn, fp = ((counts[f"{kind}_count"] > 0) & (labels != 255) for kind in ("fn", "fp"))
    times = np.where(fn | fp, counts["fn_count"] + counts["fp_count"], 0)
    found = _find(
        labels, predicted & (labels != 255), fn, fp, times, tolerance, min_pixels
    )
    rows, geometries = [], []
    for item in found:
        errors = item.errors
        wrong = times[item.window][errors].mean() / max(history.passes, 1)
        last = int(counts["last_epoch"][item.window][errors].max())
        present = probability[item.window].astype(np.float64)
        disagreement = np.abs(present - (labels[item.window] == 1))[errors]
        window_rows, window_columns = item.window
        rows.append(
            {
                "kind": item.kind,
                "share_wrong": float(wrong),
                "first_epoch": int(counts["first_epoch"][item.window][errors].min()),
                "last_epoch": last,
                "probability": float(present[item.shown].mean()),
                "loss": float(-np.log(np.maximum(1 - disagreement, _LEAST)).mean()),
                "likeness": float(item.likeness),
                "score": float(
                    wrong * history.lateness(last) * item.likeness * disagreement.mean()
                ),
                "verdict": "",
                "row": (window_rows.start + window_rows.stop) // 2,
                "column": (window_columns.start + window_columns.stop) // 2,
                "side": max(item.shown.shape),
            }
        )
        corner = rasterio.Affine.translation(window_columns.start, window_rows.start)
        geometries.append(_outline(item.shown, transform * corner))
    table = geopandas.GeoDataFrame(rows, columns=_COLUMNS, geometry=geometries, crs=crs)
    table.insert(1, "area_m2", area_m2(table.geometry))
    return table


def _find(
    labels: np.ndarray,
    predicted: np.ndarray,
    fn: np.ndarray,
    fp: np.ndarray,
    times: np.ndarray,
    tolerance: int,
    min_pixels: int,
) -> list[_Found]:
    objects = _Components.of(labels == 1)
    outlines = _Components.of(predicted)
    regions = _Components.of(fp)
    usual = np.median(objects.sizes) if len(objects.sizes) else 1
    near_labels = ndimage.binary_dilation(labels == 1, _EIGHT_CONNECTED, tolerance)
    touching = set(np.unique(regions.ids[near_labels & fp]).tolist())
    found: list[_Found] = []
    for index, pixels in enumerate(regions.sizes, start=1):
        if index not in touching and pixels >= min_pixels:
            window = regions.windows[index - 1]
            mask = regions.ids[window] == index
            found.append(_Found(MISSING, window, mask, mask, min(1, pixels / usual)))
    for index in range(1, len(objects.sizes) + 1):
        window = _widened(objects.windows[index - 1])
        label = objects.ids[window] == index
        if not (label & fn[window]).any():
            continue
        grown = ndimage.binary_dilation(label, _EIGHT_CONNECTED)
        around = _without_zero(regions.ids[window][grown])
        shown = _without_zero(outlines.ids[window][label])
        parts = objects.around([index]) + regions.around(around)
        window = _union(parts + outlines.around(shown))
        label = objects.ids[window] == index
        missed, extra = label & fn[window], np.isin(regions.ids[window], around)
        here = times[window]
        core = _core(label)
        sided = _one_sidedness(label, here * missed, here * extra)
        inside = here[core].mean() >= _CORE * here[label].mean()
        if inside and not (len(shown) and sided > _ASIDE):
            share = missed.sum() / label.sum()
            found.append(_Found(WRONG, window, label, missed, share))
            continue
        band = missed | extra
        width = 2 * ndimage.distance_transform_edt(np.pad(band, 1)).max(initial=0) - 1
        if len(shown) and width > tolerance:
            outline = np.isin(outlines.ids[window], shown)
            found.append(_Found(SHIFTED, window, outline, band, sided))
    return found


def _core(label: np.ndarray) -> np.ndarray:
    """The inner half of a label, by depth."""
    depth = ndimage.distance_transform_edt(np.pad(label, 1))[1:-1, 1:-1]
    return depth > depth.max() / 2


def _one_sidedness(label: np.ndarray, missed: np.ndarray, extra: np.ndarray) -> float:
    """How much what is missed lies opposite to what is extra, in [0, 1].

    Along all edges alike, the two have one centre; of a shifted outline the centres
    lie as far apart as the label is wide.
    """
    if not (missed.any() and extra.any()):
        return 0.0
    centres = [np.array(ndimage.center_of_mass(part)) for part in (missed, extra)]
    apart = np.linalg.norm(centres[0] - centres[1])
    return float(min(1.0, apart / np.sqrt(label.sum())))


def _outline(mask: np.ndarray, transform: rasterio.Affine) -> shapely.Geometry:
    """The mask's outline along pixel edges."""
    found = shapes(mask.astype(np.uint8), mask, connectivity=8, transform=transform)
    # Eight-connected outlines touch themselves at corners.
    return shapely.union_all([shapely.make_valid(shape(part)) for part, _ in found])
