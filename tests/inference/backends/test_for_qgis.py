"""One file, read by us, by GeoDeep, and by Deepness's rule."""

import json
from dataclasses import replace

import numpy as np
import pytest
import rasterio
import torch
from mmengine.registry import DefaultScope
from rasterio.windows import Window
from scipy.ndimage import median_filter

from mmext.errors import UserError
from mmext.inference.backends import export_for_qgis, export_onnx
from mmext.inference.backends.choose import open_predictor
from mmext.inference.backends.eager import eager_predictor
from mmext.inference.backends.exported import exported_predictor
from mmext.inference.backends.for_qgis import (
    SIDE,
    decided_by_pixel,
    left_out,
    resolution_of,
    seams,
    tiles_overlap,
)
from mmext.inference.prediction_settings import PredictionSettings
from mmext.mapping.predict_scene import predict_scene
from mmext.models import UnionDecoder
from mmext.registry import MODELS
from tests.mapping.test_predict_scenes import blobs, load

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
PLACE = {"crs": "EPSG:3857", "pixel_size": [0.298, 0.298], "pixel_size_m": 0.2954}
# Two columns of tiles on the network's grid, and a row that is moved up by 48 px.
SHAPE = (560, 912)


def with_store(loaded, **changes):
    return replace(loaded, store={**loaded.store, **changes})


@pytest.fixture(scope="module")
def located():
    """A model that does not say the same everywhere, and knows where it was trained."""
    with DefaultScope.overwrite_default_scope("mmext"):
        loaded = load()
    found = eager_predictor(loaded).probabilities(torch.from_numpy(scene_of())[None])
    target, error = found[0].flatten(1)
    loaded.model.union_decoder.threshold = {
        "target": float(target.quantile(0.8)),
        "error": float(error.quantile(0.95)),
    }
    crs = rasterio.CRS.from_user_input(PLACE["crs"]).to_wkt()
    return with_store(loaded, **{**PLACE, "crs": crs})


@pytest.fixture(scope="module")
def exported(located, tmp_path_factory):
    path = tmp_path_factory.mktemp("qgis") / "model.onnx"
    difference, written = export_for_qgis(located, path)
    assert difference < 1e-5
    return path, written


def scene_of(shape=SHAPE):
    noise = np.random.default_rng(1).integers(-20, 20, (3, *shape))
    return (blobs((3, *shape)).astype(int) + noise).clip(0, 255).astype(np.uint8)


def decided(predictor, image):
    """(H, W) bool, in one pass."""
    found = predictor.probabilities(torch.from_numpy(image)[None])
    return predictor.decide(found)["mask"][0].numpy()


def interior(shape, reach):
    inside = np.zeros(shape, bool)
    inside[reach:-reach, reach:-reach] = True
    return inside


def two_classes(path):
    """What a plugin sees of the file, and the session that runs it."""
    session = onnxruntime.InferenceSession(str(path))
    values = session.get_modelmeta().custom_metadata_map
    return session, {k: json.loads(v) for k, v in values.items() if k != "mmext"}


def classes_of(session, tile, threshold):
    """The rule of both plugins: what is below the threshold is 0, the highest wins."""
    [entry] = session.get_inputs()
    [found] = session.run(None, {entry.name: np.float32(tile[None] / 255.0)})
    found[found < threshold] = 0
    return found.argmax(axis=1)[0]


def as_deepness(path, image):
    """Deepness 0.6: tiles by their stride from the upper left, the scene filled up.

    Of a tile all but half of the overlap is kept, and at the scene's edges all.
    """
    session, says = two_classes(path)
    side, share = int(says["tile_size"]), int(says["tiles_overlap"])
    overlap = int(side * share / 100 * 2) // 2
    stride, half = side - overlap, overlap // 2
    _, height, width = image.shape
    sizes = [
        side if size <= side else size + (side - size) % stride
        for size in (height, width)
    ]
    filled = np.zeros((3, *sizes), np.uint8)
    filled[:, :height, :width] = image
    classes = np.full(sizes, 255, np.uint8)
    rows, columns = (range(0, size - side + 1, stride) for size in sizes)
    for row in rows:
        for column in columns:
            tile = filled[:, row : row + side, column : column + side]
            found = classes_of(session, tile, says["seg_thresh"])
            top = 0 if row == rows[0] else half
            left = 0 if column == columns[0] else half
            bottom = side if row == rows[-1] else side - half
            right = side if column == columns[-1] else side - half
            classes[row + top : row + bottom, column + left : column + right] = found[
                top:bottom, left:right
            ]
    return classes[:height, :width]


def as_geodeep(path, image):
    """GeoDeep 0.9: the last row and column of tiles end where the scene ends."""
    session, says = two_classes(path)
    side, share = SIDE, says["tiles_overlap"] / 100
    step, half = side - int(side * share), int(side * share) // 2
    classes = np.full(image.shape[1:], 255, np.uint8)

    def starts(size):
        return sorted({*range(0, size - side + 1, step), size - side})

    for column in starts(image.shape[2]):
        for row in starts(image.shape[1]):
            tile = image[:, row : row + side, column : column + side]
            found = classes_of(session, tile, says["seg_thresh"])
            top, left = (half if place else 0 for place in (row, column))
            classes[row + top : row + side, column + left : column + side] = found[
                top:, left:
            ]
    return classes


@pytest.mark.parametrize("read", [as_deepness, as_geodeep])
def test_others_decide_as_we_do(read, located, exported):
    image = scene_of()
    expected = decided(eager_predictor(located), image)
    assert 0.1 < expected.mean() < 0.5
    inside = interior(SHAPE, eager_predictor(located).reach)
    found = read(exported[0], image)
    assert set(np.unique(found)) == {0, 1}
    assert (found == expected)[inside].mean() > 0.9999
    # Where Deepness fills the scene up is no edge to the network.
    assert (found == expected).mean() > 0.99


def test_geodeep_itself_decides_as_we_do(located, exported, write_raster, monkeypatch):
    geodeep = pytest.importorskip("geodeep", reason="geodeep is not installed")
    image = scene_of()
    expected = decided(eager_predictor(located), image)
    scene = write_raster("s.tif", image, crs="EPSG:3857", pixel=0.298)
    found = geodeep.run(str(scene), str(exported[0]), output_type="raw")
    # It smooths what it finds, whatever a file says.
    smooth = median_filter(expected.astype(np.uint8), 5)
    assert (found == smooth).mean() > 0.9999
    monkeypatch.setattr(geodeep.geodeep, "median_filter", lambda mask, size: mask)
    found = geodeep.run(str(scene), str(exported[0]), output_type="raw")
    assert (found == expected).mean() > 0.9999


def test_on_real_imagery(located, exported, shared_data, tmp_path):
    """The middle of Zanzibar's test scene, its pixels averaged to half as many."""
    geodeep = pytest.importorskip("geodeep", reason="geodeep is not installed")
    ortho = shared_data / "zanzibar_buildings" / "test_ortho.tif"
    with rasterio.open(ortho) as source:
        image = source.read(
            window=Window(0, 0, 2 * SHAPE[1], 2 * 512),
            out_shape=(3, 512, SHAPE[1]),
            resampling=rasterio.enums.Resampling.average,
        )
        profile = source.profile | dict(height=512, width=SHAPE[1])
        profile["transform"] = source.transform * rasterio.Affine.scale(2)
    scene = tmp_path / "ortho.tif"
    with rasterio.open(scene, "w", **profile) as raster:
        raster.write(image)
    expected = decided(eager_predictor(located), image)
    assert 0.02 < expected.mean() < 0.98
    smooth = median_filter(expected.astype(np.uint8), 5)
    found = geodeep.run(str(scene), str(exported[0]), output_type="raw")
    assert (found == smooth).mean() > 0.999
    inside = interior(expected.shape, 51)
    assert (as_deepness(exported[0], image) == expected)[inside].mean() > 0.999


def test_we_map_by_it_as_by_the_checkpoint(located, exported, write_raster, tmp_path):
    scene = write_raster("s.tif", scene_of((300, 520)), crs="EPSG:3857", pixel=0.298)
    # Windows larger than the file's tile, and off its grid.
    settings = PredictionSettings(window=616)
    maps = [
        rasterio.open(predict_scene(one, scene, tmp_path / str(i), settings).classes)
        for i, one in enumerate(
            [eager_predictor(located), open_predictor(exported[0], "onnxruntime")]
        )
    ]
    checkpoint, file = (raster.read(1) for raster in maps)
    assert set(np.unique(file)) == {0, 1}
    np.testing.assert_array_equal(file > 0, checkpoint > 0)


def test_a_map_by_it_is_no_map_by_its_checkpoint(located, exported):
    """Else the second call would take one for the other and skip it."""
    found = exported_predictor(exported[0], "onnxruntime")
    assert found.path == exported[0] and found.sha256 != located.sha256


def test_what_is_written_is_what_older_readers_open(exported):
    model = onnx.load(str(exported[0]))
    assert model.ir_version <= 9
    assert [(s.domain, s.version) for s in model.opset_import] == [("", 15)]
    onnx.checker.check_model(model, full_check=True)
    session, says = two_classes(exported[0])
    assert [i.shape for i in session.get_inputs()] == [[1, 3, 512, 512]]
    assert [o.shape for o in session.get_outputs()] == [[1, 2, 512, 512]]
    assert says == {
        "model_type": "Segmentor",
        "class_names": {"0": "background", "1": "target"},
        "resolution": 29.8,
        "tiles_size": 512,
        "tile_size": 512,
        "tiles_overlap": 22,
        "seg_thresh": 0.5,
        "seg_small_segment": 0,
        "standardization_mean": [0, 0, 0],
        "standardization_std": [1, 1, 1],
    }
    assert says == {key: json.loads(text) for key, text in exported[1].items()}


@pytest.mark.parametrize("reach", [0, 30, 51, 100, 180])
@pytest.mark.parametrize("multiple", [8, 16, 32])
def test_kept_pixels_see_all_they_look_at(reach, multiple):
    share = tiles_overlap(reach, multiple)
    for overlap in (int(SIDE * share / 100 * 2) // 2, int(SIDE * (share / 100))):
        assert overlap // 2 >= reach and (SIDE - overlap) % multiple == 0


def test_what_tiles_cannot_hold_is_said():
    assert not seams(51, tiles_overlap(51, 8))
    assert "does not say how far it looks" in seams(None, tiles_overlap(None, 32))
    far = tiles_overlap(400, 8)
    assert far == 75 and "looks 400 px far" in seams(400, far)


def test_a_network_that_exports_with_fixed_sizes_is_one_line(tmp_path):
    """mmseg's U-Net writes its example's sizes into the graph."""
    loaded = load()
    unet = dict(
        type="mmseg.UNet",
        base_channels=2,
        num_stages=2,
        strides=(1, 1),
        enc_num_convs=(1, 1),
        dec_num_convs=(1,),
        downsamples=(True,),
        enc_dilations=(1, 1),
        dec_dilations=(1,),
        norm_cfg=dict(type="BN"),
        upsample_cfg=dict(type="InterpConv"),
    )
    loaded.model.backbone = MODELS.build(unet).eval()
    loaded.model.decode_head.head.in_index = 1
    for export in (export_onnx, export_for_qgis):
        with pytest.raises(UserError, match="images of any size") as caught:
            export(loaded, tmp_path / "m.onnx")
        assert "\n" not in str(caught.value)
    assert not [*tmp_path.iterdir()]


def test_components_and_growth_are_said_to_be_left_out(located, tmp_path, capsys):
    decoder = UnionDecoder("touching", {"target": 0.3, "error": 0.25}, 0.9, grow=1)
    said = left_out(decoder)
    assert "mode touching and growth by 1 px" in said
    assert "mode union (target > 0.3, error > 0.25)" in said
    assert not left_out(UnionDecoder("gated", 0.3))
    model = located.model
    before, model.union_decoder = model.union_decoder, decoder
    try:
        path = tmp_path / "m.onnx"
        export_for_qgis(located, path)
        expected = decided(decided_by_pixel(eager_predictor(located)), scene_of())
    finally:
        model.union_decoder = before
    assert onnx.load(str(path)).doc_string == said
    predictor = exported_predictor(path, "onnxruntime")
    assert said in capsys.readouterr().out
    assert (decided(predictor, scene_of()) == expected).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"band_indexes": [1, 2, 3, 4]}, "reads the bands 1, 2, 3, 4 of uint8"),
        ({"band_indexes": [3, 2, 1]}, "reads the bands 3, 2, 1"),
        ({"dtype": "uint16"}, "1, 2, 3 of uint16, QGIS's plugins give"),
        ({"colours": ["blue", "green", "red"]}, "trained on blue, green, red"),
        ({"pixel_size": [0.3, 0.6]}, "0.3 × 0.6"),
        ({"crs": None, "pixel_size_m": None}, "size of its pixels"),
    ],
)
def test_what_the_plugins_do_not_feed_is_refused(located, tmp_path, changes, message):
    with pytest.raises(UserError, match=message):
        export_for_qgis(with_store(located, **changes), tmp_path / "m.onnx")
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("crs", "size", "centimetres"),
    [
        ("EPSG:5186", [0.5, 0.5], 50.0),
        # US survey feet.
        ("EPSG:2263", [1.0, 1.0], 30.48),
        # Degrees: as large as on the ground.
        ("EPSG:4326", [4e-6, 4e-6], 29.54),
    ],
)
def test_the_resolution_is_that_of_the_crs(located, crs, size, centimetres):
    wkt = rasterio.CRS.from_user_input(crs).to_wkt()
    found = resolution_of(with_store(located, crs=wkt, pixel_size=size))
    assert found == pytest.approx(centimetres, abs=1e-3)
