"""A scene put back together from its tiles: truth, predictions, image."""

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import rasterio
from pyproj import CRS, Transformer

from mmext.datasets.scene_mosaic import PlacedTile, scene_mosaics
from mmext.datasets.tile_store import TileStore
from mmext.inference.prediction_dump import PredictionDump
from mmext.pixel_values import IGNORE
from mmext.raster.display import Display

_OUTSIDE = 0.85  # grey


@dataclass(frozen=True)
class Georeference:
    """Where a mosaic's pixels lie.

    Attributes:
        transform: Pixel to CRS coordinates, or None.
        metres: Side of a square as large as a pixel on the ground, or None.
        crs: WKT, or None.
    """

    transform: rasterio.Affine | None
    metres: float | None
    crs: str | None

    def place(self, row: float, column: float) -> tuple[float, float] | None:
        """CRS coordinates of a pixel's centre, or None without a CRS."""
        if self.transform is None:
            return None
        x, y = self.transform * (column + 0.5, row + 0.5)
        return x, y

    def longitude_latitude(
        self, row: float, column: float
    ) -> tuple[float, float] | None:
        """Degrees east and north (WGS 84) of a pixel's centre, or None."""
        place = self.place(row, column)
        if place is None:
            return None
        east, north = _to_degrees(self.crs).transform(*place)
        return (east, north) if math.isfinite(east) else None


@dataclass(frozen=True)
class SceneLayers:
    """What is known of a scene, all on one grid that begins at its first tile.

    Attributes:
        name: The scene.
        truth: (H, W) uint8 in {0, 1, 255}.
        stage1: (H, W) bool, or None.
        codes: (H, W) uint8 of stage 2, see :mod:`~mmext.inference.class_codes`;
            or None.
        grid: Where the pixels lie.
        store: The tiles, for their images.
        display: Makes pictures of them.
        corner: Row and column of the mosaic's first pixel in the scene.
    """

    name: str
    truth: np.ndarray
    stage1: np.ndarray | None
    codes: np.ndarray | None
    grid: Georeference
    store: TileStore
    display: Display
    corner: tuple[int, int]

    def image(
        self, top: int, left: int, height: int, width: int, step: int = 1
    ) -> np.ndarray:
        """A window of the image, every ``step``-th pixel of it.

        The whole scene is never in memory: only what is asked for is read.

        Returns:
            (ceil(height / step), ceil(width / step), 3) float32 in [0, 1].
        """
        rows, columns = -(-height // step), -(-width // step)
        canvas = np.full((rows, columns, 3), _OUTSIDE, np.float32)
        size = self.store.meta["tile_size"]
        tiles = self.store.tiles_of(self.name)
        row_off = tiles["row_off"].to_numpy() - self.corner[0] - top
        col_off = tiles["col_off"].to_numpy() - self.corner[1] - left
        touched = (
            (row_off < height)
            & (row_off + size > 0)
            & (col_off < width)
            & (col_off + size > 0)
        )
        for index in np.flatnonzero(touched).tolist():
            source_rows, target_rows = _overlap(row_off[index], size, height, step)
            source_cols, target_cols = _overlap(col_off[index], size, width, step)
            tile = int(tiles["tile_id"].iloc[index])
            pixels = np.asarray(self.store.images[tile][source_rows, source_cols])
            canvas[target_rows, target_cols] = self.display(pixels)
        return canvas


def scene_names(store: TileStore) -> list[str]:
    """The store's scenes that have tiles, those with most target first."""
    tiles = store.tiles
    share = tiles["positive_fraction"] * tiles["valid_fraction"]
    return (
        share.groupby(tiles["scene"]).sum().sort_values(ascending=False).index.tolist()
    )


def assemble(
    store: TileStore,
    names: list[str],
    stage1: PredictionDump | None,
    stage2: PredictionDump | None,
) -> Iterator[SceneLayers]:
    """Put scenes together, one at a time.

    Args:
        store: The test tiles.
        names: Which scenes.
        stage1: Answers of stage 1.
        stage2: Answers of stage 2.
    """
    display = Display(store)
    for name in names:
        rows = store.tiles_of(name)
        tiles = []
        for row in rows.itertuples():
            tile = int(row.tile_id)
            layers = {"truth": np.asarray(store.masks[tile])}
            if stage1 is not None:
                layers["stage1"] = stage1.mask(tile)
            if stage2 is not None:
                layers["codes"] = stage2.codes(tile)
            offsets = int(row.row_off), int(row.col_off)
            tiles.append(PlacedTile(name, *offsets, layers))
        fill = {"truth": IGNORE, "stage1": 0, "codes": 0}
        mosaic = scene_mosaics(tiles, fill)[name]
        corner = int(rows["row_off"].min()), int(rows["col_off"].min())
        yield SceneLayers(
            name=name,
            truth=mosaic["truth"],
            stage1=mosaic.get("stage1"),
            codes=mosaic.get("codes"),
            grid=_grid(store, name, corner),
            store=store,
            display=display,
            corner=corner,
        )


@functools.lru_cache
def _to_degrees(crs: str | None) -> Transformer:
    return Transformer.from_crs(CRS(crs), 4326, always_xy=True)


def _grid(store: TileStore, name: str, corner: tuple[int, int]) -> Georeference:
    metres, crs = store.meta["pixel_size_m"], store.meta["crs"]
    if crs is None:
        return Georeference(None, metres, None)
    scene = rasterio.Affine(*store.meta["scenes"][name]["transform"][:6])
    row, column = corner
    return Georeference(scene * rasterio.Affine.translation(column, row), metres, crs)


def _overlap(offset: int, size: int, length: int, step: int) -> tuple[slice, slice]:
    # Every step-th pixel of the window, counted from the window's first.
    first = -(-max(offset, 0) // step)
    end = max(first, -(-min(offset + size, length) // step))
    begin = first * step - offset
    source = slice(begin, begin + (end - first) * step, step)
    return source, slice(first, end)
