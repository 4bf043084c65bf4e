import geopandas
import numpy as np
import pytest
import rasterio

from mmext.geo.label_review import (
    apply_verdicts,
    average_precision,
    hits,
    label_candidates,
    precision_at,
)

CRS = "EPSG:32637"
TRANSFORM = rasterio.transform.from_origin(500000, 4000000, 1, 1)


def _candidates():
    labels, present = np.zeros((2, 50, 70), np.uint8)
    labels[4:14, 4:14] = 1  # right
    labels[4:14, 30:40] = present[4:14, 35:45] = 1  # drawn beside its place
    labels[30:40, 4:14] = 1  # wrong
    present[4:14, 4:14] = present[30:40, 30:40] = 1  # the second one is missing
    fn, fp = (labels == 1) & (present == 0), (labels == 0) & (present == 1)
    fn[30:40, 4:14] = True
    fn[4:14, 4] = True  # a ragged edge
    fn[4:14, 35:40] = False
    wrong = fn | fp
    counts = dict(fn_count=fn * 8, fp_count=fp * 8, first_epoch=wrong * 3)
    counts = {k: v.astype(np.uint16) for k, v in counts.items()}
    counts["last_epoch"] = (wrong * 10).astype(np.uint16)
    shifted_fn = fn[4:14, 30:40].mean()
    assert shifted_fn == 0.5
    fn[4, 30] = False
    counts["fn_count"] = (fn * 8).astype(np.uint16)
    probability = present.astype(np.float32) * 0.9
    return labels, label_candidates(
        labels, probability, counts, 10, 0, 10, TRANSFORM, CRS
    )


def test_each_kind_once():
    _, table = _candidates()
    assert sorted(table["kind"]) == ["missing", "shifted", "wrong"]
    missing = table.set_index("kind").loc["missing"]
    assert missing["score"] == pytest.approx(0.8 * 0.9)
    assert missing.geometry.area == 100


def test_accepted_ones_correct_the_labels():
    labels, table = _candidates()
    shapes = rasterio.features.shapes(labels, labels > 0, transform=TRANSFORM)
    features = [{"geometry": s, "properties": {}} for s, _ in shapes]
    old = geopandas.GeoDataFrame.from_features(features, crs=CRS)
    assert len(apply_verdicts(table, old)) == len(old) == 3
    table["verdict"] = "accept"
    new = apply_verdicts(table, old)
    truth = np.zeros_like(labels)
    truth[4:14, 4:14] = truth[4:14, 35:45] = truth[30:40, 30:40] = 1
    burnt = rasterio.features.rasterize(
        new.geometry, out_shape=labels.shape, transform=TRANSFORM
    )
    np.testing.assert_array_equal(burnt, truth)


def test_nothing_wrong_gives_nothing():
    zeros = np.zeros((5, 7), np.uint16)
    names = ("fn_count", "fp_count", "first_epoch", "last_epoch")
    table = label_candidates(
        zeros.astype(np.uint8),
        zeros * 0.0,
        dict.fromkeys(names, zeros),
        3,
        0,
        3,
        TRANSFORM,
        CRS,
    )
    assert len(table) == 0 and "verdict" in table


def test_ranking_scores_by_hand():
    _, table = _candidates()
    planted = table[table["kind"] != "wrong"]
    found = hits(table, planted)
    np.testing.assert_array_equal(found, table["kind"] != "wrong")
    found = np.array([True, False, True])
    assert average_precision(found, 4) == pytest.approx((1 + 2 / 3) / 4)
    assert precision_at(found, 2) == 0.5
