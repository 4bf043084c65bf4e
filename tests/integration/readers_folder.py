"""The folder of someone who reads the manual: small files by the names of its pages."""

import shutil
from pathlib import Path

import geopandas
import numpy as np
import rasterio
from rasterio.transform import from_origin
from shapely.geometry import Point, box

from ..datasets.depth.layouts import make_mm5, make_ms2
from ..published_layouts import LAYOUTS, write_image

_CRS = "EPSG:5186"
_SIDE = 96
_PIXEL = 0.5
#: Where each scene lies, in scenes to the east and to the south of the first.
_SCENES = {
    **dict.fromkeys(("ortho_north/a.tif", "ortho_train/a.tif"), (0, 0)),
    **dict.fromkeys(("ortho_north/b.tif", "ortho_train/b.tif"), (1, 0)),
    **dict.fromkeys(("ortho_south/a.tif", "ortho_test/a.tif"), (0, 9)),
    **dict.fromkeys(("ortho_south/b.tif", "ortho_test/b.tif"), (1, 9)),
    "ortho_val/a.tif": (9, 0),
    "ortho_new/a.tif": (0, 5),
    "ortho_new/b.tif": (1, 5),
    "sheets/test.tif": (0, 2),
    "sheets/next.tif": (1, 2),
    "test.tif": (0, 2),
    "scene.tif": (0, 2),
    "a.tif": (0, 7),
}
#: The names that public data sets have when their archives are unpacked.
_UNPACKED = {
    "inria": "AerialImageDataset",
    "landcover_ai": "landcover.ai.v1",
    "loveda": "LoveDA",
    "massachusetts_buildings": "MassachusettsBuildings",
    "massachusetts_roads": "MassachusettsRoads",
    "openearthmap": "OpenEarthMap",
}


def make_readers_folder(folder: Path) -> None:
    """Write what pages speak of as the reader's own."""
    fields = []
    for name, place in _SCENES.items():
        image, shapes = _scene(place)
        _write(folder / name, image, place)
        fields += shapes
    table = geopandas.GeoDataFrame(
        {"crop": ["rice" if i % 7 == 6 else "ginseng" for i in range(len(fields))]},
        geometry=fields,
        crs=_CRS,
    )
    table = table.drop_duplicates("geometry")
    table.to_file(folder / "fields.gpkg")
    image, shapes = _scene(_SCENES["a.tif"])
    _write(folder / "a_mask.tif", image[:1] // 128, _SCENES["a.tif"])
    bands = np.concatenate([image, image, image[:2]]).astype(np.uint16) * 40
    _write(folder / "sentinel.tif", bands, (0, 0))
    points = [Point(shape.centroid) for shape in _scene(_SCENES["scene.tif"])[1]]
    geopandas.GeoSeries(points, crs=_CRS).to_crs(4326).to_file(folder / "points.gpkg")
    _images_and_masks(folder / "img_dir", folder / "ann_dir", folder / "splits.csv")
    trees = folder / "data" / "dead_trees_source"
    _images_and_masks(trees / "images", trees / "masks", trees / "splits.csv")
    _zanzibar(folder / "data" / "zanzibar_source")
    for name, unpacked in _UNPACKED.items():
        _unpack(name, folder / unpacked)
    make_mm5(folder / "data" / "mm5")
    make_ms2(folder / "data" / "ms2")


def _scene(place: tuple[int, int]) -> tuple[np.ndarray, list]:
    """Bright squares on dark ground, (3, 96, 96) uint8, and their outlines."""
    rng = np.random.default_rng(place)
    image = rng.integers(20, 90, (3, _SIDE, _SIDE)).astype(np.uint8)
    left, top = _corner(place)
    shapes = []
    for row, column in np.ndindex(3, 3):
        x, y = 32 * column + rng.integers(4, 14), 32 * row + rng.integers(4, 14)
        size = rng.integers(6, 14)
        image[:, y : y + size, x : x + size] += 128
        x, y, size = (each * _PIXEL for each in (x, y, size))
        shapes.append(box(left + x, top - y - size, left + x + size, top - y))
    return image, shapes


def _corner(place: tuple[int, int]) -> tuple[float, float]:
    east, south = (_SIDE * _PIXEL * each for each in place)
    return 200_000 + east, 500_000 - south


def _write(path: Path, image: np.ndarray, place: tuple[int, int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    form = dict(driver="GTiff", count=len(image), dtype=image.dtype, crs=_CRS)
    grid = from_origin(*_corner(place), _PIXEL, _PIXEL)
    height, width = image.shape[1:]
    with rasterio.open(
        path, "w", height=height, width=width, transform=grid, **form
    ) as file:
        file.write(image)


def _images_and_masks(images: Path, masks: Path, splits: Path) -> None:
    rows = ["file,split"]
    for number, split in enumerate(("train", "train", "val", "test")):
        image, _ = _scene((number, 20))
        name = f"{number}.png"
        write_image(images / name, image.transpose(1, 2, 0))
        write_image(masks / name, image[0] // 128)
        rows.append(f"{name},{split}")
    # As the real one ends its lines.
    splits.write_text("\r\n".join([*rows, ""]), newline="")


def _zanzibar(folder: Path) -> None:
    """Two scenes of which the pixels are ten times as large as where the page cuts."""
    folder.mkdir(parents=True)
    outlines = []
    for number, (split, width, height) in enumerate(
        [("train", 210, 104), ("test", 181, 53)]
    ):
        rng = np.random.default_rng(number)
        image = rng.integers(20, 90, (3, height, width)).astype(np.uint8)
        grid = from_origin(500_000 + 10_000 * number, 9_300_000, 2.98, 2.98)
        for row, column in np.ndindex(height // 26, width // 26):
            x, y = 26 * column + 5, 26 * row + 5
            image[:, y : y + 12, x : x + 12] += 128
            (west, north), (east, south) = grid * (x, y), grid * (x + 12, y + 12)
            outlines.append(box(west, south, east, north))
        with rasterio.open(
            folder / f"{split}_ortho.tif",
            *("w", "GTiff", width, height, 3, "EPSG:32737", grid, np.uint8),
        ) as file:
            file.write(image)
    shapes = geopandas.GeoSeries(outlines, crs=32737).to_crs(4326)
    shapes.to_file(folder / "buildings.geojson")


def _unpack(name: str, folder: Path) -> None:
    folder.mkdir()
    LAYOUTS[name](folder)
    inner = folder / _UNPACKED[name]
    if inner.is_dir():  # whose archive holds a folder
        for path in inner.iterdir():
            shutil.move(path, folder)
        inner.rmdir()
