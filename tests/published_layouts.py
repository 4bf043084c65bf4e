"""Public data sets, made small: folders, names, values and systems as the real ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
from PIL import Image

SIZE = 40


def scene(seed: int, size: int = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """An image (H, W, 3) uint8 and where its target is, (H, W) bool."""
    rng = np.random.default_rng(seed)
    target = np.zeros((size, size), bool)
    top, left = rng.integers(2, size // 2, 2)
    target[top : top + size // 4, left : left + size // 4] = True
    image = rng.integers(20, 90, (size, size, 3)) + 120 * target[..., None]
    return image.astype(np.uint8), target


def write_tif(
    path: Path, array: np.ndarray, crs: str | None, pixel: float = 0.3
) -> None:
    """An array (H, W) or (H, W, bands) as a GeoTIFF."""
    bands = array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    placed = {} if crs is None else {"crs": crs}
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=len(bands),
        height=bands.shape[1],
        width=bands.shape[2],
        dtype=array.dtype,
        transform=rasterio.Affine(pixel, 0, 500_000, 0, -pixel, 4_000_000),
        **placed,
    ) as raster:
        raster.write(bands)


def write_image(path: Path, array: np.ndarray) -> None:
    """An array as a PNG or JPEG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


#: City, and the system that its images lie in.
CITIES = {"austin": "EPSG:26914", "tyrol-w": "EPSG:32632"}


def inria(folder: Path) -> None:
    """The first seven images of two cities, and one of the test."""
    root = folder / "AerialImageDataset"
    for place, (city, crs) in enumerate(CITIES.items()):
        for number in (1, 5, 6, 36):
            image, target = scene(10 * place + number)
            name = f"{city}{number}.tif"
            write_tif(root / "train" / "images" / name, image, crs)
            gt = target.astype(np.uint8) * 255
            write_tif(root / "train" / "gt" / name, gt, crs)
    write_tif(root / "test" / "images" / "bellingham1.tif", image, "EPSG:32610")


def massachusetts(folder: Path) -> None:
    """As its publisher's site has it: sat and map, valid, red in three bands."""
    for split, numbers in (("train", (1, 2)), ("valid", (3,)), ("test", (4,))):
        for number in numbers:
            image, target = scene(number)
            image[:5, :7] = 255
            name = f"2282888{number}_15"
            write_tif(folder / split / "sat" / f"{name}.tiff", image, "EPSG:26986", 1)
            red = np.zeros((SIZE, SIZE, 3), np.uint8)
            red[target, 0] = 255
            write_tif(folder / split / "map" / f"{name}.tif", red, "EPSG:26986", 1)


def massachusetts_of_kaggle(folder: Path) -> None:
    """As it is passed on at Kaggle: tiff/train, tiff/train_labels, white or red."""
    for split, numbers in (("train", (1, 2)), ("val", (3,)), ("test", (4,))):
        for number in numbers:
            image, target = scene(number)
            name = f"2282888{number}_15"
            labels = folder / "tiff" / f"{split}_labels"
            write_tif(folder / "tiff" / split / f"{name}.tiff", image, None)
            write_tif(labels / f"{name}.tif", target.astype(np.uint8) * 255, None)


def landcover_ai(folder: Path) -> None:
    """What its split.py leaves: tiles by number, and lists of some of them."""
    tiles = [f"M-33-20-D-c-4-2_{number}" for number in range(6)]
    for number, tile in enumerate(tiles):
        image, target = scene(number)
        classes = np.where(target, 1, number % 5).astype(np.uint8)
        write_image(folder / "output" / f"{tile}.jpg", image)
        write_image(folder / "output" / f"{tile}_m.png", classes)
    lists = {"train": (0, 3, 5), "val": (1,), "test": (4,)}
    for split, numbers in lists.items():
        text = "".join(f"{tiles[number]}\n" for number in numbers)
        (folder / f"{split}.txt").write_text(text)


def loveda(folder: Path) -> None:
    """Train, Val and Test of both scenes; 0 is no-data, 1 background, 2 building."""
    numbers = {"Train": (0, 1366), "Val": (2522, 3514), "Test": (4191, 5167)}
    for split, pair in numbers.items():
        for part, number in zip(("Rural", "Urban"), pair, strict=True):
            image, target = scene(number)
            place = folder / split / part
            write_image(place / "images_png" / f"{number}.png", image)
            if split != "Test":
                classes = np.where(target, 2, 1).astype(np.uint8)
                classes[:3] = 0
                classes[-3:] = 3
                write_image(place / "masks_png" / f"{number}.png", classes)


def openearthmap(folder: Path) -> None:
    """Regions of two systems and scales; of one, from xBD, only labels are there."""
    regions = {"aachen": ("EPSG:25832", 0.25), "el_rodeo": ("EPSG:32615", 0.5)}
    for region, (crs, pixel) in {**regions, "mexico-city": ("EPSG:4326", 1e-6)}.items():
        for number in (1, 2):
            image, target = scene(number)
            classes = np.where(target, 8, 5).astype(np.uint8)
            classes[:, :2] = 0
            place = folder / "OpenEarthMap_wo_xBD" / region
            name = f"{region}_{number}.tif"
            write_tif(place / "labels" / name, classes, crs, pixel)
            if region in regions:
                write_tif(place / "images" / name, image, crs, pixel)
    for split, number in (("train", 1), ("val", 2)):
        text = "".join(
            f"{region}_{number}.tif\n" for region in (*regions, "mexico-city")
        )
        (folder / "OpenEarthMap_wo_xBD" / f"{split}.txt").write_text(text)


LAYOUTS: dict[str, Callable[[Path], None]] = {
    "inria": inria,
    "massachusetts_buildings": massachusetts,
    "massachusetts_roads": massachusetts,
    "landcover_ai": landcover_ai,
    "loveda": loveda,
    "openearthmap": openearthmap,
}
