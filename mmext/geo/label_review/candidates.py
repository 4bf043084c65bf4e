"""Which labels look wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas
import numpy as np
import rasterio
from scipy import ndimage

from mmext.geo.error_atlas import area_m2, component_polygons

_EIGHT_CONNECTED = np.ones((3, 3), int)

_Window = tuple[slice, slice]


@dataclass(frozen=True)
class _Found:
    """A candidate, in the window around it."""

    kind: str
    window: _Window
    shown: np.ndarray
    errors: np.ndarray


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
    probability: np.ndarray,
    counts: dict[str, np.ndarray],
    passes: int,
    begin: int,
    epoch: int,
    transform: rasterio.Affine,
    crs: str | None,
    tolerance: int = 2,
    min_pixels: int = 16,
) -> geopandas.GeoDataFrame:
    """Candidate label errors of one scene, unranked.

    A false-positive region away from every label may be a *missing* target; a
    label that was mostly false negative may be *wrong*; a label with errors wider
    than the tolerance along its edge may be *shifted*, and its geometry is then
    the outline that the model predicts. Score = share of passes wrong × lateness ×
    disagreement, each in [0, 1]; lateness is (last epoch − begin) / (epoch −
    begin), disagreement is the present mean of |probability − label|.

    Args:
        labels: (H, W) uint8 in {0, 1, 255}.
        probability: (H, W) float in [0, 1] of the final model.
        counts: (H, W) ``fn_count``, ``fp_count``, ``first_epoch``, ``last_epoch``.
        passes: Passes that the bank counted.
        begin: Epoch in which it began.
        epoch: Epoch of the snapshot.
        transform: Pixel to CRS coordinates.
        crs: Of the result.
        tolerance: Width in pixels of errors that are only a ragged edge.
        min_pixels: Smaller false-positive regions are no missing targets.
    """
    fn, fp = ((counts[f"{kind}_count"] > 0) & (labels != 255) for kind in ("fn", "fp"))
    wrong = fn | fp
    objects = _Components.of(labels == 1)
    predicted = _Components.of((probability >= 0.5) & (labels != 255))
    regions = _Components.of(fp)
    near_labels = ndimage.binary_dilation(labels == 1, _EIGHT_CONNECTED, tolerance)
    touching = set(np.unique(regions.ids[near_labels & fp]).tolist())
    found: list[_Found] = []
    for index, pixels in enumerate(regions.sizes, start=1):
        if index not in touching and pixels >= min_pixels:
            window = regions.windows[index - 1]
            mask = regions.ids[window] == index
            found.append(_Found("missing", window, mask, mask))
    for index in range(1, len(objects.sizes) + 1):
        window = _widened(objects.windows[index - 1])
        label = objects.ids[window] == index
        if fn[window][label].mean() >= 0.5:
            found.append(_Found("wrong", window, label, label & fn[window]))
            continue
        grown = ndimage.binary_dilation(label, _EIGHT_CONNECTED)
        around = _without_zero(regions.ids[window][grown])
        shown = _without_zero(predicted.ids[window][label])
        parts = objects.around([index]) + regions.around(around)
        window = _union(parts + predicted.around(shown))
        label = objects.ids[window] == index
        band = (label & fn[window]) | np.isin(regions.ids[window], around)
        width = 2 * ndimage.distance_transform_edt(np.pad(band, 1)).max(initial=0) - 1
        if len(shown) and width > tolerance:
            outline = np.isin(predicted.ids[window], shown)
            found.append(_Found("shifted", window, outline, band))
    rows, geometries = [], []
    for item in found:
        here = {name: layer[item.window] for name, layer in counts.items()}
        errors = item.errors & wrong[item.window]
        times = (here["fn_count"] + here["fp_count"])[errors].mean()
        last = int(here["last_epoch"][errors].max())
        share = float(times / max(passes, 1))
        lateness = (last - begin) / max(epoch - begin, 1)
        present = probability[item.window]
        disagreement = np.abs(present - labels[item.window])[errors].mean()
        rows.append(
            {
                "kind": item.kind,
                "times_wrong": float(times),
                "share_wrong": share,
                "first_epoch": int(here["first_epoch"][errors].min()),
                "last_epoch": last,
                "probability": float(present[item.shown].mean()),
                "score": float(share * lateness * disagreement),
                "verdict": "",
            }
        )
        top, left = item.window[0].start, item.window[1].start
        placed = transform * rasterio.Affine.translation(left, top)
        outline = component_polygons(item.shown.astype(np.int32), placed, crs)
        geometries.append(outline.union_all())
    columns = ["kind", "times_wrong", "share_wrong", "first_epoch", "last_epoch"]
    columns += ["probability", "score", "verdict"]
    table = geopandas.GeoDataFrame(rows, columns=columns, geometry=geometries, crs=crs)
    table.insert(1, "area_m2", area_m2(table.geometry))
    return table
