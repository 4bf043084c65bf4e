import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.features import shapes
from shapely.geometry import box, shape

from mmext.errors import UserError
from mmext.geo.prediction.merge import merge_sheets

TRANSFORM = rasterio.Affine(0.5, 0, 200_000, 0, -0.5, 500_000)


def table(polygons, scene, crs="EPSG:5186", **columns):
    number = len(polygons)
    values = dict(
        area_m2=[p.area for p in polygons],
        mean_prob=[0.5] * number,
        max_prob=[0.6] * number,
        source=["target"] * number,
        cut=[True] * number,
        scene=scene,
        model="m",
    )
    return geopandas.GeoDataFrame({**values, **columns}, geometry=polygons, crs=crs)


def polygonise(mask, row=0, column=0):
    placed = TRANSFORM * rasterio.Affine.translation(column, row)
    found = shapes(mask.astype(np.uint8), mask, 4, placed)
    return [shape(geometry) for geometry, _ in found]


@pytest.mark.parametrize("seed", range(5))
def test_four_sheets_are_the_whole(seed):
    mask = np.random.default_rng(seed).random((20, 24)) < 0.55
    sheets = [
        table(polygonise(mask[r : r + 10, c : c + 12], r, c), f"{r}_{c}")
        for r in (0, 10)
        for c in (0, 12)
    ]
    merged = merge_sheets(sheets)
    whole = polygonise(mask)
    key = lambda g: shapely.normalize(g.buffer(0).simplify(0)).wkb  # noqa: E731
    assert {key(g) for g in merged.geometry} == {key(g) for g in whole}


def test_attributes_of_a_merged_field():
    left = table([box(0, 0, 30, 10)], "a", mean_prob=[0.9], max_prob=[0.95])
    right = table([box(30, 0, 40, 10)], "b", mean_prob=[0.5], source=["error"])
    [row] = merge_sheets([left, right]).to_dict("records")
    assert row["mean_prob"] == pytest.approx(0.8)  # three parts to one
    assert row["max_prob"] == 0.95
    assert (row["source"], row["scene"], row["model"]) == ("both", "a; b", "m")
    assert row["geometry"].area == 400


def test_corners_and_neighbours_in_one_sheet_stay_apart():
    one = table([box(0, 0, 10, 10), box(10, 0, 20, 10)], "a")
    other = table([box(20, 10, 30, 20)], "b")
    assert len(merge_sheets([one, other])) == 3


def test_sheets_that_overlap_do_not_count_twice():
    merged = merge_sheets(
        [table([box(0, 0, 10, 4)], "a"), table([box(6, 0, 16, 4)], "b")]
    )
    assert merged.geometry.area.tolist() == [64]
    assert merged["area_m2"].iloc[0] == pytest.approx(64, rel=0.05)


def test_nothing_and_other_coordinate_systems():
    empty = table([], "a")
    assert len(merge_sheets([empty, empty])) == 0
    with pytest.raises(UserError, match="different coordinate systems"):
        merge_sheets([empty, table([], "b", crs="EPSG:4326")])
