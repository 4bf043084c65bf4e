import geopandas
import pytest
from shapely.affinity import translate

from mmext.mapping.label_review.duplicates import one_of_each
from mmext.mapping.label_review.finding import MISSING, SHIFTED, WRONG

from .builders import CRS, square


def _table(*rows, crs=CRS):
    """Of (scene, kind, score, objects, best, outline)."""
    names = ("scene", "kind", "score", "objects", "best", "geometry")
    table = geopandas.GeoDataFrame(
        [dict(zip(names, row, strict=True)) for row in rows], crs=crs
    )
    return table.assign(area_m2=table.area)


def _missing(scene, outline, score=1.0, kind=MISSING):
    return (scene, kind, score, (), True, outline)


def test_a_label_is_judged_where_most_of_it_is_seen():
    table = _table(
        ("a", WRONG, 0.9, (3,), False, square(0, side=2)),
        ("b", SHIFTED, 0.2, (3,), True, square(0)),
    )
    assert one_of_each(table, 1.0)["scene"].tolist() == ["b"]


@pytest.mark.parametrize("gap", [0, 2e-9, -2e-9, 0.2, -3])
def test_halves_of_one_on_two_sheets_are_one(gap):
    right = translate(square(10), gap)
    table = _table(_missing("a", square(0), 0.4), _missing("b", right, 0.6))
    [row] = one_of_each(table, 1.0).itertuples()
    assert (row.scene, row.score) == ("b", 0.6)
    assert row.geometry.geom_type == "Polygon"
    assert row.geometry.area == pytest.approx(200 + 10 * gap, abs=0.1)
    assert row.area_m2 == pytest.approx(row.geometry.area, rel=2e-3)


def test_over_three_sheets():
    rows = [_missing(name, square(10 * i)) for i, name in enumerate("abc")]
    [row] = one_of_each(_table(*rows), 1.0).itertuples()
    assert row.geometry.equals_exact(
        square(0).union(square(10)).union(square(20)).normalize(), 1e-6
    ) or row.geometry.area == pytest.approx(300)


@pytest.mark.parametrize(
    "others",
    [
        [_missing("b", square(10, 10))],  # only a corner
        [_missing("b", square(10.6))],  # half a pixel apart
        [_missing("a", square(10))],  # of one scene: two regions there
        [_missing("b", square(5), kind=WRONG)],  # another kind
    ],
)
def test_these_are_two(others):
    table = _table(_missing("a", square(0)), *others)
    assert len(one_of_each(table, 1.0)) == 2


def test_a_missing_target_inside_a_new_outline_is_part_of_it():
    shift = ("a", SHIFTED, 0.5, (1,), True, square(0))
    table = _table(shift, _missing("b", square(4.9)), _missing("b", square(30)))
    left = one_of_each(table, 1.0)
    assert left.geometry.bounds["minx"].tolist() == [5e5, 5e5 + 30]


def test_scenes_without_crs_share_no_place():
    rows = [
        ("a", SHIFTED, 0.5, (), True, square(0)),
        _missing("b", square(0)),
        _missing("c", square(0)),
        _missing("a", square(0)),
    ]
    left = one_of_each(_table(*rows, crs=None), 1.0)
    assert left["scene"].tolist() == ["a", "b", "c"]


def test_nothing():
    table = _table(_missing("a", square(0))).iloc[:0]
    assert len(one_of_each(table, 1.0)) == 0
