"""What is target in a scene, from polygons."""

import contextlib
from collections.abc import Iterator

import geopandas
import numpy as np
import rasterio
import shapely
from rasterio.features import rasterize
from rasterio.io import DatasetReader
from rasterio.windows import Window

from mmext.errors import UserError
from mmext.fileio.vector import read_vector
from mmext.location import Location
from mmext.raster.outlines import window_outline
from mmext.raster.valid_polygons import valid_polygons


class VectorLabels:
    """Polygons of the target.

    Args:
        path: Any vector file that GDAL reads.
        layer: Layer of it; needed if there are several.
        where: Attribute filter in SQL, such as ``crop = 'ginseng'``.
        all_touched: Burn every pixel that a polygon touches, not only those whose
            centre it covers.

    Raises:
        UserError: The file can't be read, has no CRS, or holds no polygons.
    """

    def __init__(
        self,
        path: Location,
        layer: str | None = None,
        where: str | None = None,
        all_touched: bool = False,
    ) -> None:
        self.path = path
        self.all_touched = all_touched
        table = read_vector(path, layer, where)
        if table.crs is None:
            raise UserError(f"{path}: has no coordinate system, expected one")
        read = len(table)
        table = table[~(table.geometry.is_empty | table.geometry.isna())]
        if len(table) == 0:
            condition = f" where {where}" if where else ""
            raise UserError(f"{path}: no features{condition}, expected polygons")
        kinds = set(table.geom_type) - {"Polygon", "MultiPolygon"}
        if kinds:
            raise UserError(
                f"{path}: holds {', '.join(sorted(kinds))}, expected only polygons"
            )
        self.polygons = valid_polygons(table.geometry)
        #: What was repaired or left out, for the user to see.
        self.note = _repairs(read, table.geometry, self.polygons)
        self._by_crs: dict[str, geopandas.GeoSeries] = {}
        if len(self.polygons) == 0:
            raise UserError(f"{path}: no polygon has an area, expected some")
        #: The polygons' attributes, in their order.
        self.attributes = table.drop(columns=table.geometry.name).loc[
            self.polygons.index
        ]

    @contextlib.contextmanager
    def open(
        self, scene: DatasetReader, by_pixel: bool = False
    ) -> Iterator["BurntPolygons"]:
        """The labels on a scene's grid.

        Args:
            scene: The scene.
            by_pixel: Not for polygons, which lie by coordinates.

        Raises:
            UserError: The scene has no CRS to bring the polygons to, or is not to be
                read by it.
        """
        if by_pixel:
            raise UserError(
                f"{self.path}: holds polygons, --by-pixel leaves out the coordinate "
                "systems that say where they lie"
            )
        polygons = self._in_crs_of(scene)
        yield BurntPolygons(polygons, scene.transform, self.all_touched)

    def number_on(self, scene: DatasetReader) -> int:
        """How many polygons touch a scene.

        Raises:
            UserError: The scene has no CRS to bring the polygons to.
        """
        whole = Window(0, 0, scene.width, scene.height)
        outline = window_outline(whole, scene.transform)
        return len(self._in_crs_of(scene).sindex.query(outline, "intersects"))

    def near(self, scene: DatasetReader) -> geopandas.GeoSeries:
        """Polygons whose bounds touch a scene's, valid, in its CRS, in their order.

        Raises:
            UserError: The scene has no CRS to bring the polygons to.
        """
        polygons = self._in_crs_of(scene)
        touching = polygons.sindex.query(shapely.box(*scene.bounds))
        # What was valid may cross itself where corners come close in another system.
        return valid_polygons(polygons.iloc[np.sort(touching)])

    def _in_crs_of(self, scene: DatasetReader) -> geopandas.GeoSeries:
        if scene.crs is None:
            by_points = (
                " (only ground control points; gdalwarp brings it to a grid)"
                if scene.gcps[0]
                else ""
            )
            raise UserError(
                f"{scene.name}: has no coordinate system{by_points}, polygons need "
                "one; use mask images instead"
            )
        key = scene.crs.to_wkt()
        if key not in self._by_crs:
            polygons = self.polygons.to_crs(scene.crs)
            # What has no place in the scene's CRS doesn't lie on the scene.
            finite = np.isfinite(polygons.bounds.to_numpy()).all(axis=1)
            self._by_crs[key] = polygons[finite]
        return self._by_crs[key]


def _repairs(read: int, found: geopandas.GeoSeries, kept: geopandas.GeoSeries) -> str:
    counts = {
        "without a geometry left out": read - len(found),
        "without an area left out": len(found) - len(kept),
        "invalid and repaired": int((~found[kept.index].is_valid).sum()),
    }
    said = [f"{number} {what}" for what, number in counts.items() if number]
    return f"of {read} polygons {', '.join(said)}" if said else ""


class BurntPolygons:
    """Polygons on a scene's grid.

    Args:
        polygons: In the scene's CRS.
        transform: The scene's pixel to CRS coordinates.
        all_touched: See :class:`VectorLabels`.
    """

    def __init__(
        self,
        polygons: geopandas.GeoSeries,
        transform: rasterio.Affine,
        all_touched: bool,
    ) -> None:
        self.polygons = polygons
        self.transform = transform
        self.all_touched = all_touched

    def read(self, window: Window) -> np.ndarray:
        """(H, W) uint8 in {0, 1} of a window of the scene."""
        shape = (int(window.height), int(window.width))
        outline = window_outline(window, self.transform)
        near = self.polygons.iloc[self.polygons.sindex.query(outline)]
        if len(near) == 0:
            return np.zeros(shape, np.uint8)
        return rasterize(
            near,
            out_shape=shape,
            transform=rasterio.windows.transform(window, self.transform),
            all_touched=self.all_touched,
            dtype=np.uint8,
        )
