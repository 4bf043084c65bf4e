import geopandas
import numpy as np
import pytest
from shapely.geometry import Polygon, box

from mmext.errors import UserError
from mmext.fileio.vector import read_vector


@pytest.mark.parametrize("corner", [np.nan, np.inf, -np.inf, 1e308, -1e13])
@pytest.mark.parametrize("suffix", ["gpkg", "fgb"])
def test_corners_that_are_no_places_are_refused(corner, suffix, tmp_path):
    """GEOS overflows on some of them and leaves others out without a word."""
    astray = Polygon([(0, 0), (1, 0), (1, corner), (0, 1)])
    path = tmp_path / f"fields.{suffix}"
    table = geopandas.GeoDataFrame(geometry=[box(0, 0, 1, 1), astray], crs=5186)
    if suffix == "fgb":  # its spatial index knows no NaN
        table.to_file(path, SPATIAL_INDEX="NO")
    else:
        table.to_file(path)
    with pytest.raises(UserError, match=r"fields.*: feature 1 .* expected a place"):
        read_vector(path)


def test_corners_far_away_are_places(tmp_path):
    """UTM's northings and web mercator's 2 * 10^7 m, in millimetres."""
    shape = box(-2e10, -2e10, 2e10, 2e10)
    path = tmp_path / "fields.gpkg"
    geopandas.GeoDataFrame(geometry=[shape, None], crs=3857).to_file(path)
    assert read_vector(path).geometry[0].equals(shape)
