import geopandas
import numpy as np
import pytest
from shapely.geometry import box

from mmext.mapping.label_review.ranking_evaluation import (
    average_precision,
    compare_rankings,
    first_finds,
    overlaps,
    precision_at,
    same_kind,
)

CRS = "EPSG:32637"


def _table(places, **columns):
    shapes = [box(5e5 + x, 4e6, 5e5 + x + 10, 4e6 + 10) for x in places]
    return geopandas.GeoDataFrame(columns, geometry=shapes, crs=CRS)


def test_scores_by_hand():
    found = np.array([True, False, True])
    assert average_precision(found, 4) == pytest.approx((1 + 2 / 3) / 4)
    assert precision_at(found, 2) == 0.5
    assert precision_at(found, 10) == 0.2
    assert np.isnan(average_precision(found, 0))


def test_an_error_is_found_once():
    matching = np.array([[1, 0], [1, 0], [1, 1], [0, 1]], bool)
    assert first_finds(matching).tolist() == [True, False, True, False]


def test_overlap_and_kind():
    candidates = _table([0, 8, 100], kind=["wrong target"] * 2 + ["boundary shift"])
    planted = _table([0, 100], kind=["wrong", "missing"]).to_crs(4326)
    assert overlaps(candidates, planted).tolist() == [
        [True, False],
        [False, False],
        [False, True],
    ]
    assert same_kind(candidates, planted)[:, 0].tolist() == [True, True, False]


def test_the_better_ranking_wins():
    number = 60
    planted = _table([0, 20], kind=["wrong", "missing"])
    candidates = _table(
        [20 * i for i in range(number)],
        kind=["wrong target", "missing target"] + ["missing target"] * (number - 2),
        score=np.linspace(1, 0, number),
        loss=np.linspace(0, 1, number),
        likeness=1.0,
    )
    table = compare_rankings(candidates, planted).set_index("ranking")
    assert table.loc["score", "average_precision"] == 1
    assert table.loc["score", "precision_at_10"] == 0.2
    assert table.loc["score", "recall_at_10"] == 1
    assert table.loc["loss", "recall_at_40"] == 0
    # Any one candidate in 60 finds one with probability 2 / 60.
    assert table.loc["chance", "precision_at_10"] == pytest.approx(2 / 60, abs=0.01)


def test_nothing_to_rank():
    nothing = dict(kind=[], score=[], loss=[], likeness=[])
    table = compare_rankings(_table([], **nothing), _table([0], kind=["wrong"]))
    assert (table["average_precision"] == 0).all()


def _naive(candidates, planted, order, same):
    """What the docstrings say, one candidate and one error after the other."""
    left, found = list(range(len(planted))), []
    for index in order:
        shape, kind = candidates.geometry.iloc[index], candidates["kind"].iloc[index]
        matches = []
        for error in left:
            other = planted.geometry.iloc[error]
            common = shape.intersection(other).area
            enough = common > 0 and common / min(shape.area, other.area) >= 0.3
            if enough and (not same or kind.startswith(planted["kind"].iloc[error])):
                matches.append(error)
        found.append(bool(matches))
        if matches:
            left.remove(matches[0])
    precisions = [sum(found[: k + 1]) / (k + 1) for k in range(len(found)) if found[k]]
    return found, sum(precisions) / len(planted)


def test_agrees_with_a_naive_reference():
    rng = np.random.default_rng(0)
    for _ in range(20):
        number, errors = rng.integers(1, 60), rng.integers(1, 12)
        planted = _table(
            rng.uniform(0, 150, errors), kind=rng.choice(["wrong", "missing"], errors)
        )
        candidates = _table(
            rng.uniform(0, 150, number),
            kind=rng.choice(["wrong target", "missing target"], number),
            score=rng.permutation(number) / number,
            loss=rng.permutation(number) / number,
            likeness=rng.uniform(0, 1, number),
        )
        table = compare_rankings(candidates, planted).set_index("ranking")
        values = {
            "score": candidates["score"],
            "loss": candidates["loss"],
            "loss x likeness": candidates["loss"] * candidates["likeness"],
        }
        for name, value in values.items():
            order = sorted(range(number), key=lambda index: -value[index])
            found, precision = _naive(candidates, planted, order, same=True)
            row = table.loc[name]
            assert row["average_precision"] == pytest.approx(precision)
            for k in (10, 20, 40):
                assert row[f"precision_at_{k}"] == pytest.approx(sum(found[:k]) / k)
                assert row[f"recall_at_{k}"] == pytest.approx(sum(found[:k]) / errors)
            _, precision = _naive(candidates, planted, order, same=False)
            assert row["average_precision_any_kind"] == pytest.approx(precision)
