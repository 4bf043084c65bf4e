"""Whole scenes through a network that is not trained, against plain references."""

import dataclasses
import json
import sys
import tracemalloc
from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
import torch
from mmengine.config import Config

from mmext.errors import UserError
from mmext.inference.backends.eager import eager_predictor
from mmext.inference.checkpoint import LoadedModel
from mmext.inference.prediction_settings import PredictionSettings
from mmext.inference.predictor import Predictor
from mmext.mapping.many_scenes import predict_scenes
from mmext.mapping.predict_scene import predict_scene
from mmext.mapping.scene_writer import in_steps
from mmext.models import UnionDecoder
from mmext.registry import MODELS
from tests.small_models import small_segmentor

SETTINGS = PredictionSettings(window=128)


def load(bands=3, dtype="uint8", threshold=0.5) -> LoadedModel:
    torch.manual_seed(1)
    config = small_segmentor(bands=bands, width=2, mean=100.0)
    model = MODELS.build(
        {**config, "decoder": dict(type="UnionDecoder", threshold=threshold)}
    )
    model.init_weights()
    store = dict(
        bands=[f"band_{i}" for i in range(bands)],
        band_indexes=list(range(1, bands + 1)),
        dtype=dtype,
        pixel_size_m=0.5,
    )
    return LoadedModel(model.eval(), Config(), store, Path("m.pth"), "a" * 64, 1)


def build(*args, **kwargs) -> Predictor:
    return eager_predictor(load(*args, **kwargs))


def blobs(shape, dtype="uint8"):
    rng = np.random.default_rng(0)
    coarse = rng.integers(20, 230, (shape[0], shape[1] // 12 + 1, shape[2] // 12 + 1))
    return coarse.repeat(12, 1).repeat(12, 2)[:, : shape[1], : shape[2]].astype(dtype)


def in_one_pass(predictor, image):
    batch = torch.from_numpy(image.astype(np.float32))[None]
    return predictor.probabilities(batch)[0].numpy()


@pytest.mark.parametrize("shape", [(3, 205, 333), (3, 40, 33), (3, 1, 1)])
@pytest.mark.parametrize("window", [128, 200])
def test_the_map_is_that_of_one_pass(tmp_path, write_raster, shape, window):
    predictor, image = build(), blobs(shape)
    scene = write_raster("scene.tif", image)
    settings = PredictionSettings(window=window, float_probabilities=True)
    result = predict_scene(predictor, scene, tmp_path / "map", settings)
    expected = in_one_pass(predictor, image)
    with rasterio.open(result.probability) as raster:
        np.testing.assert_allclose(raster.read(), expected, atol=1e-5)
        assert raster.descriptions == ("target", "error")
    codes = (expected[0] > 0.5) + 2 * (expected[1] > 0.5)
    with rasterio.open(result.classes) as raster:
        np.testing.assert_array_equal(raster.read(1), codes)
    table = geopandas.read_file(result.polygons, layer="fields")
    assert table.area.sum() == pytest.approx((codes > 0).sum() / 4)
    assert len(table) == result.objects


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_other_pixel_types_and_bytes(tmp_path, write_raster, dtype):
    predictor, image = build(2, dtype), blobs((2, 60, 70), dtype)
    result = predict_scene(
        predictor, write_raster("s.tif", image), tmp_path / "m", SETTINGS
    )
    with rasterio.open(result.probability) as raster:
        found = raster.read() * raster.scales[0]
    np.testing.assert_allclose(
        found, in_one_pass(predictor, image), atol=0.5 / 250 + 1e-6
    )


def test_no_data_stays_no_data(tmp_path, write_raster):
    image = blobs((3, 50, 60))
    image[:, :20, :30] = 0
    scene = write_raster("s.tif", image, nodata=0)
    result = predict_scene(build(), scene, tmp_path / "m", SETTINGS)
    for path in (result.probability, result.classes):
        with rasterio.open(path) as raster:
            values = raster.read(1)
        assert (values[:20, :30] == 255).all() and (values[20:] != 255).all()


@pytest.mark.parametrize("pixel", [0.5, 1.0])
def test_a_mask_beside_the_bands_is_kept(tmp_path, write_raster, pixel):
    scene = write_raster("s.tif", blobs((3, 60, 60)), pixel=pixel)
    mask = np.full((60, 60), 255, np.uint8)
    mask[:30] = 0
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(scene, "r+") as raster,
    ):
        raster.write_mask(mask)
    settings = PredictionSettings(window=128, resample=True)
    result = predict_scene(build(), scene, tmp_path / "m", settings)
    with rasterio.open(result.classes) as raster:
        codes = raster.read(1)
    half = len(codes) // 2
    assert (codes[: half - 2] == 255).all() and (codes[half + 2 :] != 255).all()


def test_no_data_that_only_the_store_knows_of(tmp_path, write_raster):
    predictor = build()
    predictor.store["nodata"] = 0.0
    image = blobs((3, 50, 60))
    image[:, :20] = 0
    result = predict_scene(
        predictor, write_raster("s.tif", image), tmp_path / "m", SETTINGS
    )
    with rasterio.open(result.classes) as raster:
        codes = raster.read(1)
    assert (codes[:20] == 255).all() and (codes[20:] != 255).all()


def test_bands_in_another_order_are_refused(tmp_path, write_raster):
    predictor, scene = build(), write_raster("s.tif", blobs((3, 20, 20)))
    predictor.store["bands"] = ["red", "green", "blue"]
    with rasterio.open(scene, "r+") as raster:
        raster.descriptions = ("blue", "green", "red")
    with pytest.raises(UserError, match="bands blue, green, red, the model was"):
        predict_scene(predictor, scene, tmp_path / "m", SETTINGS)


def test_cleaning_of_polygons(tmp_path, write_raster):
    predictor, scene = build(), write_raster("s.tif", blobs((3, 150, 150)))

    def fields(**changes):
        settings = PredictionSettings(window=128, **changes)
        result = predict_scene(predictor, scene, tmp_path / "m", settings)
        return geopandas.read_file(result.polygons, layer="fields")

    everything = fields()
    assert len(everything) > 3 and everything.interiors.map(len).sum() > 0
    large = fields(min_area=20.0)
    assert len(large) == (everything["area_m2"] >= 20).sum() < len(everything)
    assert fields(fill_holes=True).interiors.map(len).sum() == 0
    assert fields(simplify=2.0).get_coordinates().shape[0] < len(
        everything.get_coordinates()
    )
    chosen = fields(where="max_prob > 0.6 AND area_m2 < 20")
    expected = everything.query("max_prob > 0.6 and area_m2 < 20")
    assert len(chosen) == len(expected)
    with pytest.raises(UserError, match="--where"):
        fields(where="no such thing")


@pytest.mark.parametrize("window", [128, 300])
@pytest.mark.parametrize(
    "mode, stands_alone",
    [("touching", False), ("touching", True), ("hysteresis", True)],
)
@pytest.mark.parametrize("as_float", [False, True])
def test_components_that_nothing_supports_go(
    tmp_path, write_raster, window, mode, stands_alone, as_float
):
    """Whatever the windows, the polygons are those of one decision of the scene."""
    image, loaded = blobs((3, 190, 260)), load()
    whole = in_one_pass(eager_predictor(loaded), image)
    threshold = dict(
        target=float(np.quantile(whole[0], 0.97)),
        error=float(np.quantile(whole[1], 0.85)),
    )
    highest = max(np.quantile(whole[1], 0.99), threshold["target"] + 1e-4)
    confident = float(highest) if stands_alone else 1.0
    decoder = UnionDecoder(mode, threshold, confident)
    loaded.model.union_decoder = decoder
    settings = PredictionSettings(window=window, float_probabilities=as_float)
    scene = write_raster("s.tif", image)
    predictor = eager_predictor(loaded)
    result = predict_scene(predictor, scene, tmp_path / "m", settings)
    table = geopandas.read_file(result.polygons, layer="fields")
    masks = [
        decide(torch.from_numpy(whole)[None], ("target", "error"))["mask"]
        for decide in (decoder, decoder.by_pixels)
    ]
    assert 0 < masks[0].sum() < masks[1].sum()
    assert table.area.sum() == pytest.approx(float(masks[0].sum()) / 4)


@pytest.mark.parametrize("confident", [0.3, 0.5, 0.7, 0.9, 0.97, 0.9723, 0.998])
def test_bytes_stay_on_their_side_of_confident(confident):
    near = confident + np.linspace(-0.01, 0.01, 4001).clip(-confident, 1 - confident)
    probabilities = torch.from_numpy(near.astype(np.float32))
    steps = in_steps(probabilities, UnionDecoder("hysteresis", 0.1, confident))
    back = steps.numpy() * (1 / 250)
    np.testing.assert_array_equal(
        [round(value, 4) > confident for value in back],
        probabilities.numpy() > np.float32(confident),
    )
    assert np.abs(back - near).max() <= 0.004 + 1e-6
    plain = in_steps(probabilities, UnionDecoder()).numpy()
    np.testing.assert_array_equal(plain, np.rint(probabilities.numpy() * 250))


def test_flips_average_four_views(tmp_path, write_raster):
    predictor, image = build(), blobs((3, 64, 64))
    settings = PredictionSettings(window=200, flips=True, float_probabilities=True)
    result = predict_scene(
        predictor, write_raster("s.tif", image), tmp_path / "m", settings
    )
    views = [((), ()), ((1,), (1,)), ((2,), (2,)), ((1, 2), (1, 2))]
    expected = np.mean(
        [
            np.flip(in_one_pass(predictor, np.flip(image, a).copy()), b)
            for a, b in views
        ],
        axis=0,
    )
    with rasterio.open(result.probability) as raster:
        np.testing.assert_allclose(raster.read(), expected, atol=1e-5)


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(array=blobs((2, 20, 20))), "has 2 bands, the model reads 1, 2, 3"),
        (dict(array=blobs((3, 20, 20), "uint16")), "data type uint16, the model was"),
        (dict(pixel=1.0), "pixels of 1 m, the model was trained on 0.5 m; --resample"),
    ],
)
def test_scenes_that_do_not_fit_are_refused(tmp_path, write_raster, change, message):
    scene = write_raster("s.tif", **{"array": blobs((3, 20, 20)), **change})
    with pytest.raises(UserError, match=message):
        predict_scene(build(), scene, tmp_path / "m", SETTINGS)
    assert not any((tmp_path / "m").glob("*"))


def test_resampling_brings_the_training_pixels(tmp_path, write_raster):
    scene = write_raster("s.tif", blobs((3, 40, 60)), pixel=1.0)
    settings = PredictionSettings(window=128, resample=True)
    result = predict_scene(build(), scene, tmp_path / "m", settings)
    with rasterio.open(result.classes) as raster, rasterio.open(scene) as original:
        assert raster.transform.a == pytest.approx(0.5, rel=0.01)
        np.testing.assert_allclose(raster.bounds, original.bounds)


@pytest.mark.parametrize("decoder", [dict(), dict(mode="touching", grow=3)])
@pytest.mark.parametrize("shape", [(400, 4800), (4800, 400)])
def test_memory_does_not_grow_with_the_scene(
    tmp_path, write_raster, shape, monkeypatch, decoder
):
    """Twelve times as many rows or columns, hardly more memory of our own."""
    monkeypatch.setattr("mmext.mapping.scene_writer._STRIP_PIXELS", 10_000)
    # The package's function hides its module of the same name.
    monkeypatch.setattr(sys.modules[predict_scene.__module__], "_WAITING", 1)
    # A network that is as fast as it is wrong: only what surrounds it is measured.
    predictor = dataclasses.replace(
        build(),
        probabilities=lambda image: torch.zeros(1, 2, *image.shape[2:]),
        decoder=UnionDecoder(**decoder),
    )
    peaks = []
    for height, width in ((400, 400), (400, 400), shape):
        image = np.full((3, height, width), 90, np.uint8)
        scene = write_raster(f"{height}_{width}.tif", image)
        tracemalloc.start()
        predict_scene(predictor, scene, tmp_path / "m", PredictionSettings(window=200))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 2.5 * peaks[1]  # the first call also fills caches


@pytest.mark.parametrize("step", ["add", "end_strip", "finish_polygons"])
def test_an_error_in_the_writing_thread_ends_the_scene(
    tmp_path, write_raster, monkeypatch, step
):
    def fail(*_):
        raise UserError("disk full")

    monkeypatch.setattr(f"mmext.mapping.scene_writer.SceneWriter.{step}", fail)
    scene = write_raster("s.tif", blobs((3, 200, 200)))
    with pytest.raises(UserError, match="disk full"):
        predict_scene(build(), scene, tmp_path / "m", SETTINGS)
    assert not list((tmp_path / "m").iterdir())


def test_polygons_go_to_disk_in_pieces(tmp_path, write_raster, monkeypatch):
    predictor, scene = build(), write_raster("s.tif", blobs((3, 400, 100)))
    at_once = predict_scene(predictor, scene, tmp_path / "a", SETTINGS)
    monkeypatch.setattr("mmext.mapping.scene_writer._CHUNK", 3)
    in_pieces = predict_scene(predictor, scene, tmp_path / "b", SETTINGS)
    assert at_once.objects == in_pieces.objects > 10
    first, second = (geopandas.read_file(r.polygons) for r in (at_once, in_pieces))
    assert set(first.geometry.to_wkb()) == set(second.geometry.to_wkb())
    assert not list((tmp_path / "b").glob(".*"))


@pytest.fixture
def sheets(write_raster):
    """One scene cut into two sheets, and a file that is no raster."""
    image = blobs((3, 120, 160))
    left = write_raster("left.tif", image[..., :80])
    right = write_raster("right.tif", image[..., 80:], origin=(200_040.0, 500_000.0))
    bad = left.with_name("bad.tif")
    bad.write_bytes(left.read_bytes()[:500])
    return [left, bad, right]


def test_many_sheets(tmp_path, sheets, capsys):
    predictor, out = build(), tmp_path / "map"
    [failure] = predict_scenes(predictor, sheets, out, SETTINGS)
    assert "bad.tif" in failure
    with rasterio.open(out / "map_class.vrt") as vrt:
        assert vrt.shape == (120, 160)
        assert vrt.colormap(1)[2] == (226, 26, 28, 255)
        codes = vrt.read(1)
    merged = geopandas.read_file(out / "map.gpkg", layer="fields")
    assert merged.area.sum() == pytest.approx((codes > 0).sum() / 4)
    assert any(";" in scene for scene in merged["scene"])
    note = json.loads((out / "left.json").read_text())
    assert note["sha256"] == "a" * 64
    # A second call maps nothing again, unless something has changed.
    before = (out / "left_class.tif").stat().st_mtime_ns
    capsys.readouterr()
    predict_scenes(predictor, sheets, out, SETTINGS)
    assert capsys.readouterr().out.count("mapped already") == 2
    assert (out / "left_class.tif").stat().st_mtime_ns == before
    predict_scenes(predictor, sheets, out, PredictionSettings(window=136))
    assert (out / "left_class.tif").stat().st_mtime_ns > before


def test_a_field_across_sheets_is_filtered_as_one(tmp_path, sheets):
    """Filtering before sheets are put together is filtering after."""
    predictor, (left, _, right) = build(), sheets
    plain = PredictionSettings(window=128)
    predict_scenes(predictor, [left, right], tmp_path / "plain", plain)
    merged = geopandas.read_file(tmp_path / "plain" / "map.gpkg", layer="fields")
    across = merged[merged["scene"].str.contains(";")]
    # Larger than any of its parts: judged by themselves they would all go.
    parts = [
        geopandas.read_file(tmp_path / "plain" / f"{name}.gpkg", layer="fields")
        for name in ("left", "right")
    ]
    largest = max(table.loc[table["cut"], "area_m2"].max() for table in parts)
    area = float((largest + across["area_m2"].max()) / 2)
    assert across["area_m2"].max() > area > largest
    for settings, expected in (
        (dict(min_area=area), merged["area_m2"] >= area),
        (dict(where=f"area_m2 > {area}"), merged["area_m2"] > area),
        (dict(min_area=3.0), merged["area_m2"] >= 3),
    ):
        changed = dataclasses.replace(plain, **settings)
        predict_scenes(predictor, [left, right], tmp_path / "filtered", changed)
        found = geopandas.read_file(tmp_path / "filtered" / "map.gpkg", layer="fields")
        wanted = merged[expected].geometry.normalize().to_wkb()
        assert set(found.geometry.normalize().to_wkb()) == set(wanted)


def test_fields_at_no_data_are_cut(tmp_path, write_raster):
    image = blobs((3, 90, 100))
    image[:, :, 50:] = 0
    scene = write_raster("s.tif", image, nodata=0)
    result = predict_scene(build(), scene, tmp_path / "m", SETTINGS)
    table = geopandas.read_file(result.polygons, layer="fields")
    west, _, _, north = rasterio.open(scene).bounds
    south, east = north - 45, west + 25
    bounds = table.bounds
    expected = (
        (bounds.minx <= west)
        | (bounds.maxx >= east)
        | (bounds.miny <= south)
        | (bounds.maxy >= north)
    )
    assert 0 < expected.sum() < len(table)
    np.testing.assert_array_equal(table["cut"], expected)
