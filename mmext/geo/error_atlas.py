"""Where a model kept being wrong, as rasters and ranked polygons."""

import os
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import rasterio
import rasterio.shutil
from rasterio.features import shapes
from rasterio.io import MemoryFile
from scipy import ndimage
from shapely.geometry import shape
from tqdm import tqdm

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.geo.ground_area import ground_area
from mmext.geo.qgis_style import categorised_outlines, embed_style
from mmext.structures.error_bank import ErrorBank

NO_DATA = 65535
_EIGHT_CONNECTED = np.ones((3, 3), int)
_COLOURS = {"fn": (226, 26, 28), "fp": (31, 90, 200)}


@dataclass(frozen=True)
class SceneErrors:
    """A scene's part of the bank, put back on the scene's grid.

    Attributes:
        scene: The scene's name.
        layers: (H, W) uint16 by name: ``fn_count``, ``fp_count`` (passes),
            ``first_epoch``, ``last_epoch`` (0 = never); for a bank without counts
            ``fn_ever`` and ``fp_ever`` in {0, 1}. 65535 where no tile lies.
        fn: (H, W) bool, ever a false negative.
        fp: (H, W) bool, ever a false positive.
        transform: Pixel to CRS coordinates.
        crs: The store's, or None for image folders.
    """

    scene: str
    layers: dict[str, np.ndarray]
    fn: np.ndarray
    fp: np.ndarray
    transform: rasterio.Affine
    crs: str | None


def check_same_store(bank: ErrorBank, store: TileStore) -> None:
    """Refuse a bank of another store.

    Raises:
        UserError: The fingerprints differ.
    """
    if bank.fingerprint != store.fingerprint:
        raise UserError(
            f"{store.path}: is store {store.fingerprint[:12]}, the error bank is of "
            f"{bank.fingerprint[:12]}"
        )


def place_tiles(
    store: TileStore, scene: str, layers: dict[str, tuple[np.ndarray, int]]
) -> dict[str, np.ndarray]:
    """Put tiles on their scene's grid; what sticks out of the scene is cut off.

    Args:
        store: Says where the tiles lie.
        scene: Which scene.
        layers: By name, the scene's tiles in table order (n, h, w, ...) and the
            value where no tile lies.

    Returns:
        (H, W, ...) by name.
    """
    height, width = (store.meta["scenes"][scene][key] for key in ("height", "width"))
    rows = store.tiles[store.tiles["scene"] == scene]
    mosaic = {
        name: np.full((height, width, *tiles.shape[3:]), fill, tiles.dtype)
        for name, (tiles, fill) in layers.items()
    }
    places = zip(rows["row_off"], rows["col_off"], strict=True)
    for index, (row, column) in enumerate(places):
        for name, (tiles, _) in layers.items():
            inside = tiles[index][: height - row, : width - column]
            bottom, right = row + inside.shape[0], column + inside.shape[1]
            mosaic[name][row:bottom, column:right] = inside
    return mosaic


def scene_errors(bank: ErrorBank, store: TileStore, scene: str) -> SceneErrors:
    """Assemble one scene.

    Args:
        bank: With or without counts.
        store: The store it was accumulated over.
        scene: A name in ``store.meta["scenes"]``.
    """
    tile_ids = store.tiles.loc[store.tiles["scene"] == scene, "tile_id"]
    fn = np.stack([bank.fn(tile_id) for tile_id in tile_ids])
    fp = np.stack([bank.fp(tile_id) for tile_id in tile_ids])
    if bank.has_counts:
        counts = [bank.counts(tile_id) for tile_id in tile_ids]
        tiles = {key: np.stack([count[key] for count in counts]) for key in counts[0]}
    else:
        tiles = {"fn_ever": fn.astype(np.uint16), "fp_ever": fp.astype(np.uint16)}
    layers = place_tiles(store, scene, {k: (v, NO_DATA) for k, v in tiles.items()})
    bits = place_tiles(store, scene, {"fn": (fn, 0), "fp": (fp, 0)})
    transform = store.meta["scenes"][scene]["transform"]
    return SceneErrors(
        scene=scene,
        layers=layers,
        fn=bits["fn"],
        fp=bits["fp"],
        # Image folders: y points down, stored negative (docs/architecture.md).
        transform=rasterio.Affine(*transform[:6])
        if store.meta["crs"]
        else rasterio.Affine.scale(1, -1),
        crs=store.meta["crs"],
    )


def component_polygons(
    labels: np.ndarray, transform: rasterio.Affine, crs: str | None
) -> geopandas.GeoSeries:
    """One valid polygon per label, whole across tile borders.

    Args:
        labels: (H, W) integers, 0 outside.
        transform: Pixel to CRS coordinates.
        crs: Of the result.

    Returns:
        Indexed by label, ascending.
    """
    labels = labels.astype(np.int32)
    found = list(shapes(labels, labels > 0, connectivity=8, transform=transform))
    series = geopandas.GeoSeries(
        [shape(geometry) for geometry, _ in found],
        index=[int(value) for _, value in found],
        crs=crs,
    )
    return series.make_valid().sort_index()


def area_m2(polygons: geopandas.GeoSeries) -> np.ndarray:
    """Area in m², or in pixels where there is no CRS."""
    if len(polygons) == 0 or polygons.crs is None:
        return polygons.area.to_numpy()
    return ground_area(polygons)


def error_polygons(errors: SceneErrors, passes: int) -> geopandas.GeoDataFrame:
    """The scene's 8-connected FN and FP regions.

    Args:
        errors: The scene.
        passes: Passes over the training set that the bank counted.

    Returns:
        ``scene``, ``kind`` (fn, fp), ``area_m2``, ``persistence`` (mean share of
        passes in which its pixels were wrong; 1 without counts), ``times_wrong``,
        ``first_epoch``, ``last_epoch``, ``score`` = area × persistence.
    """
    tables = []
    for kind, mask in (("fn", errors.fn), ("fp", errors.fp)):
        labels, number = ndimage.label(mask, structure=_EIGHT_CONNECTED)
        index = np.arange(1, number + 1)
        polygons = component_polygons(labels, errors.transform, errors.crs)
        columns: dict[str, object] = {
            "scene": errors.scene,
            "kind": kind,
            "area_m2": area_m2(polygons),
        }
        if number and f"{kind}_count" in errors.layers:
            count = errors.layers[f"{kind}_count"]
            times = ndimage.mean(count, labels, index)
            first = ndimage.minimum(errors.layers["first_epoch"], labels, index)
            last = ndimage.maximum(errors.layers["last_epoch"], labels, index)
            columns |= {
                "times_wrong": times,
                "persistence": times / max(passes, 1),
                "first_epoch": first.astype(int),
                "last_epoch": last.astype(int),
            }
        else:
            columns["persistence"] = 1.0
        table = geopandas.GeoDataFrame(
            columns, geometry=polygons.values, crs=errors.crs, index=range(number)
        )
        tables.append(table)
    joined = pd.concat(tables, ignore_index=True)
    joined["score"] = joined["area_m2"] * joined["persistence"]
    return joined


def write_atlas(
    snapshot: str | os.PathLike[str],
    store_path: str | os.PathLike[str],
    folder: str | os.PathLike[str],
) -> list[Path]:
    """Write ``SCENE_errors.tif`` (COG) per scene and ``error_atlas.gpkg``.

    Args:
        snapshot: An error bank snapshot.
        store_path: The tile store it was accumulated over.
        folder: Where to.

    Returns:
        The files.

    Raises:
        UserError: A file can't be read, or bank and store don't belong together.
    """
    bank, store = ErrorBank.load(snapshot), TileStore(store_path)
    check_same_store(bank, store)
    folder = Path(folder)
    files, tables = [], []
    for scene in tqdm(sorted(store.tiles["scene"].unique()), desc="Scenes"):
        errors = scene_errors(bank, store, scene)
        files.append(folder / f"{scene}_errors.tif")
        _write_cog(errors, files[-1])
        tables.append(error_polygons(errors, bank.passes))
    table = pd.concat(tables, ignore_index=True)
    table = table.sort_values("score", ascending=False, ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    files.append(folder / "error_atlas.gpkg")
    with atomic_path(files[-1]) as temporary:
        table.to_file(temporary, layer="errors", driver="GPKG")
        embed_style(temporary, "errors", categorised_outlines("kind", _COLOURS))
    return files


def _write_cog(errors: SceneErrors, path: Path) -> None:
    height, width = errors.fn.shape
    with MemoryFile() as memory, atomic_path(path) as temporary:
        with memory.open(
            driver="GTiff",
            height=height,
            width=width,
            count=len(errors.layers),
            dtype="uint16",
            crs=errors.crs,
            transform=errors.transform,
            nodata=NO_DATA,
        ) as raster:
            for band, (name, layer) in enumerate(errors.layers.items(), 1):
                raster.write(layer, band)
                raster.set_band_description(band, name)
        with memory.open() as raster:
            rasterio.shutil.copy(
                raster,
                temporary,
                driver="COG",
                compress="deflate",
                overview_resampling="nearest",
            )
