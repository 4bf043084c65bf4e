"""Where a model kept being wrong, as rasters and ranked polygons."""

import os
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import rasterio
from rasterio.windows import Window
from tqdm import tqdm

from mmext.datasets.tile_store import TileStore
from mmext.fileio import atomic_path
from mmext.fileio.leftovers import hidden_name
from mmext.raster.ground_area import ground_area
from mmext.raster.qgis_style import embed_style, graduated_fills, red_and_blue
from mmext.raster.scene_grid import Layers, SceneGrid
from mmext.raster.strip_polygons import StripObject, StripPolygonizer
from mmext.raster.strip_raster import StripRaster
from mmext.raster.writing import writing
from mmext.structures import ErrorBank, load_bank, refuse_other_store

NO_DATA = 65535
_KINDS = {"fn": (226, 26, 28), "fp": (31, 90, 200)}
#: Upper bounds of the persistence's classes, and their colours.
_STEPS = {
    0.1: (255, 255, 178),
    0.25: (254, 217, 118),
    0.5: (253, 141, 60),
    0.75: (240, 59, 32),
    1.0: (128, 0, 38),
}
_STRIP_PIXELS = 4_000_000
#: Bytes that GDAL keeps of what it writes; by itself it would take 5 % of the machine.
_CACHE_BYTES = 128 << 20


def _read_errors(bank: ErrorBank, tile_id: int) -> Layers:
    """A tile's layers, those that :func:`error_layers` names."""
    if bank.has_counts:
        return bank.counts(tile_id)
    return {
        "fn_ever": bank.fn(tile_id).astype(np.uint16),
        "fp_ever": bank.fp(tile_id).astype(np.uint16),
    }


def error_layers(bank: ErrorBank) -> tuple[str, ...]:
    """Names of a bank's layers: counts and epochs, or only whether ever wrong."""
    if bank.has_counts:
        return ("fn_count", "fp_count", "first_epoch", "last_epoch")
    return ("fn_ever", "fp_ever")


def read_errors(bank: ErrorBank, grid: SceneGrid, window: Window) -> Layers:
    """A window of a scene's part of the bank.

    Args:
        bank: With or without counts.
        grid: The scene.
        window: Inside it.

    Returns:
        (H, W) uint16 by name: ``fn_count``, ``fp_count`` (passes), ``first_epoch``,
        ``last_epoch`` (0 = never); for a bank without counts ``fn_ever`` and
        ``fp_ever`` in {0, 1}. 65535 where no tile lies. Where tiles overlap, the
        higher count, the earlier first and the later last epoch.
    """
    names = error_layers(bank)
    return grid.place(
        window,
        ((tile, _read_errors(bank, tile)) for tile in grid.tiles_in(window)),
        dict.fromkeys(names, (np.uint16, NO_DATA)),
        {name: _earlier if name == "first_epoch" else np.maximum for name in names},
    )


def _earlier(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    # Unsigned, 0 (never) less one is the latest of all.
    one = np.uint16(1)
    return np.minimum(first - one, second - one) + one


def area_m2(polygons: geopandas.GeoSeries) -> np.ndarray:
    """Area in m², or in pixels where there is no CRS."""
    if len(polygons) == 0 or polygons.crs is None:
        return polygons.area.to_numpy()
    return ground_area(polygons)


class _Regions:
    """The scene's connected FN and FP regions, from strips of it."""

    def __init__(self, bank: ErrorBank, grid: SceneGrid) -> None:
        self.bank = bank
        self.grid = grid
        statistics = {"times": ("times", "sum")}
        if bank.has_counts:
            statistics |= {
                "first": ("first_epoch", "min"),
                "last": ("last_epoch", "max"),
            }
        self.polygonizers = {
            kind: StripPolygonizer(grid.transform, statistics) for kind in _KINDS
        }
        self.found: list[tuple[str, StripObject]] = []

    def add(self, layers: Layers) -> None:
        for kind, polygonizer in self.polygonizers.items():
            times = layers[f"{kind}_{'count' if self.bank.has_counts else 'ever'}"]
            mask = (times > 0) & (times != NO_DATA)
            objects = polygonizer.add(mask, {**layers, "times": times})
            self.found += [(kind, item) for item in objects]

    def finish(self) -> geopandas.GeoDataFrame:
        """``scene``, ``kind``, ``area_m2``, ``persistence`` …, not ranked."""
        for kind, polygonizer in self.polygonizers.items():
            self.found += [(kind, item) for item in polygonizer.finish()]
        shapes = geopandas.GeoSeries(
            [item.geometry for _, item in self.found], crs=self.grid.crs
        )
        columns: dict[str, object] = {
            "scene": self.grid.scene,
            "kind": [kind for kind, _ in self.found],
            "area_m2": area_m2(shapes),
        }
        times = [item.values["times"] / item.pixels for _, item in self.found]
        if self.bank.has_counts:
            columns |= {
                "persistence": np.array(times) / max(self.bank.passes, 1),
                "times_wrong": times,
                "first_epoch": [int(item.values["first"]) for _, item in self.found],
                "last_epoch": [int(item.values["last"]) for _, item in self.found],
            }
        else:
            columns["persistence"] = 1.0
        table = geopandas.GeoDataFrame(columns, geometry=shapes, crs=self.grid.crs)
        table["score"] = table["area_m2"] * table["persistence"]
        return table


def write_atlas(
    snapshot: str | os.PathLike[str],
    store_path: str | os.PathLike[str],
    folder: str | os.PathLike[str],
) -> list[Path]:
    """Write a COG ``SCENE_errors.tif`` per scene and ``error_atlas.gpkg``, styled.

    Of a scene a strip is in memory, and the regions that cross its last row. The
    table's columns are ``rank``, ``scene``, ``kind`` (fn, fp), ``area_m2``,
    ``persistence`` (mean share of passes in which a region's pixels were wrong; 1
    without counts), ``times_wrong``, ``first_epoch``, ``last_epoch`` and ``score`` =
    area × persistence, by which it is ranked.

    Args:
        snapshot: An error bank snapshot.
        store_path: The tile store it was accumulated over.
        folder: Where to.

    Returns:
        The rasters and the GeoPackage.

    Raises:
        UserError: A file can't be read, or bank and store don't belong together.
    """
    bank, store = load_bank(snapshot), TileStore(store_path)
    refuse_other_store(
        str(snapshot), bank.fingerprint, store.fingerprint, str(store.path)
    )
    if not bank.has_counts:
        print(f"{snapshot}: has no counts, the atlas shows only where")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files, tables = [], []
    with rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES):
        for scene in tqdm(sorted(store.tiles["scene"].unique()), desc="Scenes"):
            files.append(folder / f"{scene}_errors.tif")
            tables.append(_write_scene(bank, SceneGrid(store, scene), files[-1]))
    table = pd.concat(tables, ignore_index=True)
    table = table.sort_values("score", ascending=False, ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    files.append(folder / "error_atlas.gpkg")
    with atomic_path(files[-1]) as temporary, writing(files[-1]):
        table.to_file(temporary, layer="errors", driver="GPKG", geometry_type="Unknown")
        qml = graduated_fills("persistence", _STEPS, "kind", _KINDS)
        embed_style(temporary, "errors", qml)
    return files


def _write_scene(
    bank: ErrorBank, grid: SceneGrid, path: Path
) -> geopandas.GeoDataFrame:
    names = error_layers(bank)
    raster = StripRaster(
        path.with_name(hidden_name(path.with_suffix(".strips.tif"), "tmp")),
        grid,
        names,
        "uint16",
        NO_DATA,
    )
    regions, highest = _Regions(bank, grid), 1
    try:
        for window in grid.strips(_STRIP_PIXELS):
            layers = read_errors(bank, grid, window)
            raster.write(np.stack([layers[name] for name in names]), window)
            regions.add(layers)
            for name in names[:2]:
                counts = layers[name][layers[name] != NO_DATA]
                highest = max(highest, int(counts.max(initial=0)))
        raster.save_as_cog(path, "nearest")
    finally:
        raster.close()
    with atomic_path(path.with_suffix(".qml")) as temporary:
        # False negatives, the first band, in red, false positives in blue.
        temporary.write_text(red_and_blue(1, 2, highest))
    return regions.finish()
