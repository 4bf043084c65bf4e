"""Maps of decoders that look beyond single pixels are those of the whole scene."""

import geopandas
import numpy as np
import pytest
import rasterio
import torch
from rasterio.transform import from_origin
from scipy import ndimage

from mmext.inference.class_codes import GROWN, NODATA
from mmext.inference.prediction_settings import PredictionSettings
from mmext.mapping.many_scenes import predict_scenes
from mmext.mapping.predict_scene import predict_scene
from mmext.models import UnionDecoder
from mmext.models.decoders.growth import grow

from .test_many_scenes import noise, pixelwise, write

GRID = from_origin(1000, 2000, 1, 1)
CHANNELS = ("target", "error")
LEVELS = dict(target=0.97, error=0.7)
DECODERS = [
    dict(mode="touching", threshold=LEVELS),
    dict(mode="hysteresis", threshold=LEVELS, confident=0.99),
    dict(mode="union", threshold=0.985, grow=1),
    dict(mode="target", threshold=0.97, grow=4),
    dict(mode="touching", threshold=LEVELS, grow=3),
    dict(mode="hysteresis", threshold=LEVELS, confident=0.99, grow=2),
]


def scene_image():
    image = noise(3, 75)[:, :61]
    image[:, 20:24, 5:50] = 0
    image[:, :, 40] = 0
    return image


def whole(image, decoder):
    """Codes of the scene in one piece; what has no data has no probability."""
    valid = (image != 0).all(axis=0)
    probabilities = torch.from_numpy(image[:2] / 250 * valid).float()[None]
    ungrown = UnionDecoder(**decoder.settings | dict(grow=0))(probabilities, CHANNELS)
    mask = ungrown["mask"][0].numpy()
    target, error = (ungrown["channels"][name][0].numpy() for name in CHANNELS)
    codes = np.where(mask, target + 2 * error, 0)
    codes[grow(mask, decoder.grow, valid) & ~mask] = GROWN
    codes[~valid] = NODATA
    return codes


@pytest.mark.parametrize(
    "window, strip", [(8, 75), (24, 500), (40, 3 * 75), (80, 10**6)]
)
@pytest.mark.parametrize("arguments", DECODERS)
def test_class_raster_and_polygons_are_those_of_the_whole_scene(
    tmp_path, arguments, window, strip, monkeypatch
):
    monkeypatch.setattr("mmext.mapping.scene_writer._STRIP_PIXELS", strip)
    decoder, image = UnionDecoder(**arguments), scene_image()
    scene = write(tmp_path / "s.tif", image, GRID, nodata=0)
    settings = PredictionSettings(window=window)
    predictor = pixelwise(tmp_path, decoder)
    result = predict_scene(predictor, scene, tmp_path / "map", settings)
    expected = whole(image, decoder)
    with rasterio.open(result.classes) as raster:
        np.testing.assert_array_equal(raster.read(1), expected)
    assert (expected == GROWN).any() == (decoder.grow > 0)
    labels, number = ndimage.label((expected > 0) & (expected != NODATA))
    table = geopandas.read_file(result.polygons, layer="fields")
    sizes = np.bincount(labels.ravel())[1:]
    assert number == len(table) == result.objects > 3
    assert sorted(table.area) == sorted(sizes)
    # What it says of an object is of the polygon's pixels.
    probability = image[:2].max(axis=0) / 250
    means = ndimage.mean(probability, labels, np.arange(1, number + 1))
    assert sorted(table["mean_prob"]) == pytest.approx(sorted(means), abs=1e-4)
    by_pixels = predict_scene(
        pixelwise(tmp_path, decoder.by_pixels), scene, tmp_path / "all", settings
    )
    ungrown = UnionDecoder(**decoder.settings | dict(grow=0))
    kept = ndimage.label(np.isin(whole(image, ungrown), [1, 2, 3]))[1]
    assert sum(result.left_out.values()) == by_pixels.objects - kept


@pytest.mark.parametrize("arguments", DECODERS)
@pytest.mark.parametrize("value", [0, 1, 249])
def test_nothing_and_everything(tmp_path, arguments, value):
    """A scene without data, without an object, and of one object."""
    image = np.full((3, 20, 17), value, np.uint8)
    scene = write(tmp_path / "s.tif", image, GRID, nodata=0)
    predictor = pixelwise(tmp_path, UnionDecoder(**arguments))
    settings = PredictionSettings(window=16)
    result = predict_scene(predictor, scene, tmp_path / "map", settings)
    with rasterio.open(result.classes) as raster:
        assert np.unique(raster.read(1)).tolist() == [{0: NODATA, 1: 0, 249: 3}[value]]
    assert result.objects == (value == 249)


def test_sheets_grow_by_themselves_and_that_is_said(tmp_path, capsys):
    image = np.full((3, 16, 32), 10, np.uint8)
    image[0, 8, 14] = 240
    sheets = [
        write(tmp_path / "left.tif", image[..., :16], GRID),
        write(tmp_path / "right.tif", image[..., 16:], from_origin(1016, 2000, 1, 1)),
    ]
    predictor = pixelwise(tmp_path, UnionDecoder(grow=3))
    settings = PredictionSettings(window=16)
    assert predict_scenes(predictor, sheets, tmp_path / "map", settings) == []
    assert "grows by 3 pixels within each sheet" in capsys.readouterr().out
    fields = geopandas.read_file(tmp_path / "map" / "map.gpkg", layer="fields")
    assert fields.total_bounds.tolist()[2] == 1016 and len(fields) == 1
    predict_scenes(predictor, sheets[:1], tmp_path / "one", settings)
    assert "within each sheet" not in capsys.readouterr().out
