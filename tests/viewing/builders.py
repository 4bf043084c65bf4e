"""A map whose every pixel is known, as ``mmext predict`` would leave it."""

import json
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import rasterio
from shapely.geometry import box

from mmext.mapping.label_review.verdicts import LAYER as CANDIDATES
from mmext.mapping.polygon_file import LAYER as OBJECTS

SIZE = 256
PIXEL = 0.5
CRS = "EPSG:32637"
CORNER = (5e5, 4e6)
#: What the imagery shows, and the probabilities of target and error, left and right.
GROUND = (40, 90, 60)
LEFT, RIGHT = (0.2, 0.1), (0.8, 0.4)


def place(column, row, side=32):
    """A square of pixels on the ground."""
    x, y = CORNER[0] + column * PIXEL, CORNER[1] - row * PIXEL
    return box(x, y - side * PIXEL, x + side * PIXEL, y)


def write_cog(path, pixels, crs=CRS, corner=CORNER, **profile):
    """(C, H, W) as a COG."""
    bands, height, width = pixels.shape
    names = profile.pop("names", None)
    scale = profile.pop("scale", None)
    with rasterio.open(
        path,
        "w",
        **{
            "driver": "COG",
            "width": width,
            "height": height,
            "count": bands,
            "dtype": pixels.dtype,
            "crs": crs,
            "transform": rasterio.Affine(PIXEL, 0, corner[0], 0, -PIXEL, corner[1]),
            "compress": "deflate",
            **profile,
        },
    ) as file:
        file.write(pixels)
        if names:
            file.descriptions = names
        if scale:
            file.scales = [scale] * bands
    return path


def picture(colour=GROUND, dtype=np.uint8):
    return np.full((3, SIZE, SIZE), np.array(colour).reshape(3, 1, 1), dtype)


def write_map(folder: Path, name="sheet", crs=CRS, corner=CORNER, image=None) -> Path:
    """Imagery in one colour; two halves of probability; one object of each source."""
    folder.mkdir(parents=True, exist_ok=True)
    if image is None:
        image = write_cog(folder.parent / f"{name}.tif", picture(), crs, corner)
    probability = np.zeros((2, SIZE, SIZE), np.uint8)
    for band in range(2):
        probability[band, :, : SIZE // 2] = round(250 * LEFT[band])
        probability[band, :, SIZE // 2 :] = round(250 * RIGHT[band])
    probability[:, :16] = 255
    write_cog(
        folder / f"{name}_probability.tif",
        probability,
        crs,
        corner,
        nodata=255,
        names=("target", "error"),
        scale=1 / 250,
    )
    classes = np.zeros((1, SIZE, SIZE), np.uint8)
    classes[0, :, SIZE // 2 :] = 1
    write_cog(folder / f"{name}_class.tif", classes, crs, corner, nodata=255)
    shift = np.subtract(corner, CORNER)
    objects = geopandas.GeoDataFrame(
        {"source": ["target", "both"], "area_m2": [256.0, 256.0], "mean_prob": 0.8},
        geometry=[place(150, 100), place(200, 180)],
        crs=crs,
    )
    objects.geometry = objects.translate(*shift)
    pyogrio.write_dataframe(objects, folder / f"{name}.gpkg", layer=OBJECTS)
    note = {
        "scene": str(image.resolve()),
        "bytes": image.stat().st_size,
        "changed": image.stat().st_mtime,
        "model": "epoch_1.pth",
        "precision": "float32",
        "sha256": "0" * 64,
        "settings": {},
        "results": {},
    }
    (folder / f"{name}.json").write_text(json.dumps(note))
    return folder


def write_review(path: Path, scenes=("sheet", "sheet", "elsewhere"), crs=CRS) -> Path:
    """Three candidates, the last of which lies on no sheet."""
    table = geopandas.GeoDataFrame(
        {
            "rank": [1, 2, 3],
            "scene": list(scenes),
            "kind": ["missing target", "wrong target", "boundary shift"],
            "score": [0.9, 0.5, 0.1],
            "label_seen": [np.nan, 1.0, 0.5],
            "verdict": ["", "unsure", ""],
        },
        geometry=[place(40, 40), place(160, 60), place(4000, 4000)],
        crs=CRS,
    )
    pyogrio.write_dataframe(
        table.to_crs(crs), path, layer=CANDIDATES, geometry_type="Unknown"
    )
    return path


def verdicts(path: Path) -> list[str]:
    table = pyogrio.read_dataframe(path, layer=CANDIDATES)
    return table.sort_values("rank")["verdict"].fillna("").tolist()
