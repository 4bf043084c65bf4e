import geopandas
import numpy as np
import pytest
import rasterio
import shapely

CRS = "EPSG:32637"


@pytest.fixture
def write_map(tmp_path):
    def write(codes, name="map_class.tif", crs=CRS, side=1.0):
        path = tmp_path / name
        left = 500_000 if crs == CRS else 38
        top = 4_000_000 if crs == CRS else 36
        profile = dict(driver="GTiff", count=1, dtype="uint8", crs=crs, nodata=255)
        with rasterio.open(
            path, "w", height=codes.shape[0], width=codes.shape[1], **profile,
            transform=rasterio.transform.from_origin(left, top, side, side),
        ) as raster:  # fmt: skip
            raster.write(codes, 1)
        return path

    return write


@pytest.fixture
def label_points():
    def label(path, truth, transform):
        """Set each point's reference to the truth of its pixel."""
        table = geopandas.read_file(path)
        places = shapely.get_coordinates(table.geometry.to_numpy())
        columns, rows = ~transform * (places[:, 0], places[:, 1])
        assert np.abs(columns % 1 - 0.5).max() < 1e-6
        found = truth[rows.astype(int), columns.astype(int)]
        table["reference"] = found.astype(int)
        return table

    return label
