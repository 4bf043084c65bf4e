import geopandas
import numpy as np
import pyproj
import pytest
from shapely.geometry import MultiPolygon, Point, Polygon, box

from mmext.raster.ground_area import ground_area

SHELL, HOLE = [(0, 0), (90, 0), (90, 60), (0, 60)], [(30, 20), (60, 20), (60, 40)]


def areas(*polygons, crs="EPSG:32637"):
    series = geopandas.GeoSeries(polygons, crs=crs).translate(500_000, 4_000_000)
    return ground_area(series)


def test_utm_at_its_central_meridian():
    assert areas(box(0, 0, 100, 50)) == pytest.approx([5000 / 0.9996**2], rel=1e-5)


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4326"])
def test_other_systems_are_the_same_ground(crs):
    series = geopandas.GeoSeries([box(0, 0, 100, 50)], crs="EPSG:32637")
    moved = series.translate(500_000, 4_000_000)
    assert ground_area(moved.to_crs(crs)) == pytest.approx(ground_area(moved), rel=1e-6)


@pytest.mark.parametrize("turn", [1, -1])
def test_a_hole_is_a_hole_whichever_way_it_runs(turn):
    [whole, inner] = areas(Polygon(SHELL), Polygon(HOLE))
    assert areas(Polygon(SHELL, [HOLE[::turn]])) == pytest.approx([whole - inner])


def test_parts_that_run_against_each_other_add_up():
    far = Polygon([(x + 200, y) for x, y in SHELL[::-1]])
    one = Polygon(SHELL, [HOLE])
    [both] = areas(MultiPolygon([one, far]))
    assert both == pytest.approx(areas(one, far).sum())


def test_degenerate_ones():
    assert len(ground_area(geopandas.GeoSeries([], crs="EPSG:4326"))) == 0
    assert areas(Polygon(), Point(1, 1).buffer(1)) == pytest.approx([0, 3.13], abs=0.02)


def test_pyproj_says_the_same_of_a_plain_one():
    field = box(179.9, -16.1, 180.0, -16.0)
    expected = abs(pyproj.Geod(ellps="WGS84").geometry_area_perimeter(field)[0])
    found = ground_area(geopandas.GeoSeries([field], crs="EPSG:4326"))
    assert np.allclose(found, expected)
