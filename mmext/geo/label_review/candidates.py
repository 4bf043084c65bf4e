"""Which labels look wrong."""

import geopandas
import numpy as np
import rasterio
from scipy import ndimage

from mmext.geo.error_atlas import area_m2, component_polygons

_EIGHT_CONNECTED = np.ones((3, 3), int)


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
    """
    fn, fp = ((counts[f"{kind}_count"] > 0) & (labels != 255) for kind in ("fn", "fp"))
    wrong = fn | fp
    objects, number = ndimage.label(labels == 1, structure=_EIGHT_CONNECTED)
    predicted, _ = ndimage.label(
        (probability >= 0.5) & (labels != 255), structure=_EIGHT_CONNECTED
    )
    near_labels = ndimage.binary_dilation(labels == 1, _EIGHT_CONNECTED, tolerance)
    regions, number_fp = ndimage.label(fp, structure=_EIGHT_CONNECTED)
    touching = set(np.unique(regions[near_labels & fp]).tolist())
    found = [
        ("missing", regions == index, regions == index)
        for index in range(1, number_fp + 1)
        if index not in touching
    ]
    for index in range(1, number + 1):
        label = objects == index
        if fn[label].mean() >= 0.5:
            found.append(("wrong", label, label & fn))
            continue
        around = np.unique(regions[ndimage.binary_dilation(label, _EIGHT_CONNECTED)])
        band = (label & fn) | (np.isin(regions, around[around > 0]))
        shown = np.unique(predicted[label])
        outline = np.isin(predicted, shown[shown > 0])
        width = 2 * ndimage.distance_transform_edt(np.pad(band, 1)).max(initial=0) - 1
        if outline.any() and width > tolerance:
            found.append(("shifted", outline, band))
    rows, geometries = [], []
    for kind, shown, errors in found:
        errors = errors & wrong
        times = (counts["fn_count"] + counts["fp_count"])[errors].mean()
        last = int(counts["last_epoch"][errors].max())
        share = float(times / max(passes, 1))
        lateness = (last - begin) / max(epoch - begin, 1)
        disagreement = np.abs(probability - labels)[errors].mean()
        rows.append(
            {
                "kind": kind,
                "times_wrong": float(times),
                "share_wrong": share,
                "first_epoch": int(counts["first_epoch"][errors].min()),
                "last_epoch": last,
                "probability": float(probability[shown].mean()),
                "score": float(share * lateness * disagreement),
                "verdict": "",
            }
        )
        outline = component_polygons(shown.astype(np.int32), transform, crs)
        geometries.append(outline.union_all())
    columns = ["kind", "times_wrong", "share_wrong", "first_epoch", "last_epoch"]
    columns += ["probability", "score", "verdict"]
    table = geopandas.GeoDataFrame(rows, columns=columns, geometry=geometries, crs=crs)
    table.insert(1, "area_m2", area_m2(table.geometry))
    return table
