import math
from dataclasses import dataclass

import geopandas
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import from_bounds
from shapely.geometry import box

from mmext.errors import UserError
from mmext.inference.prediction_settings import PredictionSettings
from mmext.mapping.merge import Merging
from mmext.mapping.object_table import STATISTICS, object_layers, object_table
from mmext.raster.grid import Grid
from mmext.raster.outlines import place
from mmext.raster.strip_polygons import StripPolygonizer

TRANSFORM = rasterio.Affine(0.5, 0, 200_000, 0, -0.5, 500_000)
SIDE = 8
HALF_EQUATOR = math.pi * 6378137


@dataclass(frozen=True)
class Sheet:
    """What a sheet's files hold."""

    objects: geopandas.GeoDataFrame
    grid: Grid


def add(merging, sheets, index):
    objects = sheets[index].objects
    return merging.add([index], objects, np.full(len(objects), index))


def merge_sheets(sheets):
    """All sheets at once, in the order given."""
    merging = Merging([sheet.grid for sheet in sheets])
    far = [add(merging, sheets, index) for index in range(len(sheets))]
    return pd.concat([*far, merging.take()], ignore_index=True)


def xyz_bounds(zoom, column, row):
    """Bounds of a web tile as everyone computes them, rounding included."""
    size = 2 * HALF_EQUATOR / 2**zoom
    left, top = column * size - HALF_EQUATOR, HALF_EQUATOR - row * size
    return left, top - size, left + size, top


def random_map(seed, height, width, share):
    """Class codes, and probabilities in the steps of a byte."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(1, 4, (height, width)) * (rng.random((height, width)) < share)
    return codes.astype(np.uint8), rng.integers(125, 251, codes.shape) / 250


def mapped(codes, probability, transform, name, crs="EPSG:3857"):
    """A sheet as predict_scene leaves it."""
    polygonizer = StripPolygonizer(transform, STATISTICS)
    above = np.full(codes.shape[1], 255, np.uint8)
    objects = polygonizer.add(*object_layers(codes, probability, above, last=True))
    objects += polygonizer.finish()
    spare = PredictionSettings(spare_cut=True)
    fields, _ = object_table(objects, crs, spare, abs(transform.a), name, "m")
    return Sheet(fields, Grid(transform, *codes.shape))


def cut(codes, probability, transforms, side=SIDE):
    """Sheets of a map, by (row, column) of a sheet and its transform."""
    return [
        mapped(
            codes[r * side : (r + 1) * side, c * side : (c + 1) * side],
            probability[r * side : (r + 1) * side, c * side : (c + 1) * side],
            transform,
            f"{r}_{c}",
        )
        for (r, c), transform in transforms.items()
    ]


def in_pixels(fields, transform):
    """What is comparable of fields: outlines in whole pixels, and attributes."""
    shapes = place(fields.geometry.to_numpy(), ~transform)
    whole = shapely.transform(shapes, np.rint)
    assert shapely.equals_exact(shapes, whole, 0.06).all()
    plain = shapely.normalize(shapely.simplify(whole, 0))
    columns = zip(
        shapely.to_wkt(plain),
        fields["area_m2"],
        fields["mean_prob"],
        fields["max_prob"],
        fields["source"],
        strict=True,
    )
    return sorted(columns)


def assert_same_fields(merged, whole, transform):
    found, expected = in_pixels(merged, transform), in_pixels(whole, transform)
    assert [row[0] for row in found] == [row[0] for row in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[1:4] == pytest.approx(other[1:4], rel=3e-4, abs=0.011)
        assert one[4] == other[4]
    assert shapely.is_valid(merged.geometry.to_numpy()).all()


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**31),
    st.floats(0.1, 0.75),
    st.integers(18, 20),
    st.floats(0.05, 0.95),
    st.floats(0.05, 0.95),
)
def test_web_tiles_are_their_mosaic(seed, share, zoom, across, down):
    codes, probability = random_map(seed, 3 * SIDE, 3 * SIDE, share)
    column, row = int(across * 2**zoom), int(down * 2**zoom)
    transforms = {
        (r, c): from_bounds(*xyz_bounds(zoom, column + c, row + r), SIDE, SIDE)
        for r in range(3)
        for c in range(3)
    }
    merged = merge_sheets(cut(codes, probability, transforms))
    left, _, _, top = xyz_bounds(zoom, column, row)
    _, bottom, right, _ = xyz_bounds(zoom, column + 2, row + 2)
    mosaic = from_bounds(left, bottom, right, top, 3 * SIDE, 3 * SIDE)
    whole = mapped(codes, probability, mosaic, "all").objects
    assert_same_fields(merged, whole, mosaic)


NOISES = {
    "none": lambda t, rng: t,
    "a twentieth of a pixel": lambda t, rng: rasterio.Affine(
        t.a, t.b, t.c + 0.05 * t.a * rng.uniform(-1, 1), t.d, t.e, t.f
    ),
    "rounded pixel sizes": lambda t, rng: rasterio.Affine(
        t.a * (1 + 1e-4 * rng.uniform(-1, 1)), t.b, t.c, t.d, t.e, t.f
    ),
}


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("turn", [0, 23])
def test_grids_that_are_nearly_one(noise, turn):
    rng = np.random.default_rng(1)
    codes, probability = random_map(5, 3 * SIDE, 3 * SIDE, 0.5)
    grid = TRANSFORM * rasterio.Affine.rotation(turn)
    transforms = {
        (r, c): NOISES[noise](
            grid * rasterio.Affine.translation(c * SIDE, r * SIDE), rng
        )
        for r in range(3)
        for c in range(3)
    }
    merged = merge_sheets(cut(codes, probability, transforms))
    first = transforms[0, 0]
    assert_same_fields(merged, mapped(codes, probability, first, "all").objects, first)


def rows(table):
    """All that a table says, in an order that depends on nothing else."""
    outlines = shapely.to_wkt(shapely.normalize(table.geometry.to_numpy()))
    values = table.drop(columns="geometry").itertuples(index=False, name=None)
    return sorted(zip(outlines, values, strict=True))


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("turn", [0, 23])
@pytest.mark.parametrize("step", [SIDE, SIDE - 2])
def test_what_is_far_from_other_sheets_stays_as_it_is(noise, turn, step):
    """Put together without it, the rest comes out the same."""
    rng = np.random.default_rng(2)
    codes, probability = random_map(7, 3 * SIDE, 3 * SIDE, 0.25)
    grid = TRANSFORM * rasterio.Affine.rotation(turn)
    transforms = {
        (r, c): NOISES[noise](
            grid * rasterio.Affine.translation(c * step, r * step), rng
        )
        for r in range(3)
        for c in range(3)
    }
    sheets = cut(codes, probability, transforms)
    merging = Merging([s.grid for s in sheets])
    far = [add(merging, sheets, index) for index in range(len(sheets))]
    assert turn or any(map(len, far))
    found = pd.concat([merging.take(), *far])
    assert rows(found) == rows(merge_sheets(sheets))


@pytest.mark.parametrize("share", [0.1, 0.45, 0.7])
@pytest.mark.parametrize("order", ["own", "random"])
def test_what_is_whole_is_let_go_of(share, order, monkeypatch):
    codes, probability = random_map(9, 6 * SIDE, 6 * SIDE, share)
    transforms = {
        (r, c): TRANSFORM * rasterio.Affine.translation(c * SIDE, r * SIDE)
        for r in range(6)
        for c in range(6)
    }
    sheets = cut(codes, probability, transforms)
    at_once = rows(merge_sheets(sheets))
    merging = Merging([s.grid for s in sheets])
    assert merging.order == list(range(36))
    if order == "random":
        merging.order = np.random.default_rng(1).permutation(36).tolist()
    monkeypatch.setattr("mmext.mapping.merge._HELD", 1)
    found, numbers = [], []
    for index in merging.order:
        found += [add(merging, sheets, index), merging.take()]
        numbers.append(len(found[-1]))
    assert rows(pd.concat(found)) == at_once
    # Row by row most are whole before the end; what hangs together is not.
    before = sum(numbers[:-1]) / sum(numbers)
    if order == "own":
        assert before > {0.1: 0.8, 0.45: 0.7, 0.7: 0.0}[share]


def solid(height, width, transform, name):
    full = np.ones((height, width), np.uint8)
    return mapped(full, full * 0.8, transform, name)


def moved(x, y, scale=1.0):
    return TRANSFORM * rasterio.Affine.translation(x, y) * rasterio.Affine.scale(scale)


@pytest.mark.parametrize(
    "other, number",
    [
        (moved(8, 0.5), 1),  # half a pixel down
        (moved(8.08, 0), 1),  # a gap within the tolerance
        (moved(7.92, 0), 1),
        (moved(8.2, 0), 2),  # and beyond it
        (moved(8, 8), 2),  # a corner
        (moved(8.05, 8.05), 2),
        (moved(7.95, 7.95), 2),
        (moved(8, 0, 4 / 3), 1),  # larger pixels
        (moved(8, -7.5), 1),  # half a pixel of common edge
        (moved(0, 0), 1),  # the same sheet twice
        (moved(2.3, 2.3, 0.5), 1),  # inside the first
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_sheets_on_other_grids(other, number, swapped):
    sheets = [solid(8, 8, TRANSFORM, "a"), solid(8, 8, other, "b")]
    merged = merge_sheets(sheets[::-1] if swapped else sheets)
    assert len(merged) == number
    parts = [sheet.objects.geometry.iloc[0] for sheet in sheets]
    area = shapely.union_all(parts).area
    # At most a tenth of a pixel of gap along a side is filled.
    assert merged.area.sum() == pytest.approx(area, abs=0.1 * 8 * 0.25 + 0.1)
    assert all(
        shape.geom_type == "Polygon" and not shape.interiors
        for shape in merged.geometry
    )


def test_a_turned_neighbour():
    """Turned by a little about the common corner: its side leaves the other's."""
    turned = moved(8, 0) * rasterio.Affine.rotation(0.5)
    sheets = [solid(8, 8, TRANSFORM, "a"), solid(8, 8, turned, "b")]
    assert len(merge_sheets(sheets)) == 1
    turned = moved(8, 0) * rasterio.Affine.rotation(-45)
    assert len(merge_sheets([sheets[0], solid(8, 8, turned, "b")])) == 2


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
    fields = geopandas.GeoDataFrame({**values, **columns}, geometry=polygons, crs=crs)
    grid = Grid(rasterio.Affine(1, 0, 0, 0, -1, 100), 100, 100)
    return Sheet(fields, grid)


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


def test_without_a_coordinate_system_areas_are_pixels():
    sheets = [
        table([box(0, 0, 10, 4)], "a", None),
        table([box(6, 0, 16, 4)], "b", None),
    ]
    assert merge_sheets(sheets)["area_m2"].tolist() == [64]


def test_two_corners_are_no_edge():
    mask = np.array([[0, 1, 0, 1, 0], [0, 1, 1, 1, 0], [0, 1, 0, 1, 0]], np.uint8)
    upper = mapped(mask, mask * 0.8, TRANSFORM, "a")
    peg = np.array([[0, 0, 1, 0, 0]], np.uint8)
    lower = mapped(peg, peg * 0.8, moved(0, 3), "b")
    assert len(merge_sheets([upper, lower])) == 2


def test_nothing_and_other_coordinate_systems():
    empty = table([], "a")
    assert len(merge_sheets([empty, empty])) == 0
    with pytest.raises(UserError, match="different coordinate systems"):
        merge_sheets([empty, table([], "b", crs="EPSG:4326")])


def test_one_system_in_other_words_is_one():
    """A file may bring its own spelling of a system."""
    spelt = rasterio.CRS.from_epsg(5186).to_wkt(version="WKT1_GDAL")
    sheets = [
        table([box(0, 0, 30, 10)], "a"),
        table([box(30, 0, 40, 10)], "b", crs=spelt),
    ]
    assert len(merge_sheets(sheets)) == 1
