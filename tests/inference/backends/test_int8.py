"""8-bit integers: calibrated on a store, and close to the network in float32."""

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.inference.backends import export_int8, installed_backends
from mmext.inference.backends.eager import eager_predictor
from mmext.inference.backends.exported import exported_predictor
from mmext.inference.backends.int8 import _choose
from mmext.inference.folding import folded_copy
from tests.mapping.test_predict_scenes import load

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def store(tmp_path_factory, make_store):
    folder = tmp_path_factory.mktemp("int8")
    return TileStore(make_store(folder / "store", tiles=10, size=32, positive=3))


@pytest.fixture(scope="module")
def exported(store):
    """A model and its ONNX file."""
    path = store.path.with_name("int8.onnx")
    with DefaultScope.overwrite_default_scope("mmext"):
        loaded = load()
        export_int8(loaded, path, store, tiles=4, seed=1)
    return loaded, path


def test_it_is_near_the_network_and_says_what_it_is(store, exported):
    loaded, path = exported
    image = torch.from_numpy(np.array(store.images[:3])).permute(0, 3, 1, 2)
    expected = eager_predictor(loaded).probabilities(image)
    for name in installed_backends():
        predictor = exported_predictor(path, name)
        change = (predictor.probabilities(image) - expected).abs().max()
        assert 0 < change < 0.05
        found = store.fingerprint[:12]
        assert predictor.precision == f"int8 (4 tiles of {found}, seed 1)"


def test_scales_are_those_of_the_tiles(store, exported):
    """What goes into the first 8-bit convolution, by hand: greatest value / 255."""
    loaded, path = exported
    images = torch.from_numpy(np.array(store.images[_choose(store, 4, 1)]))
    model, seen = folded_copy(loaded.model, bands=3), []
    model.backbone.encoder[0][0].register_forward_hook(lambda *x: seen.append(x[2]))
    with torch.inference_mode():
        model.probabilities(images.permute(0, 3, 1, 2))
    graph = onnx.load(str(path)).graph
    scales = {item.name: onnx.numpy_helper.to_array(item) for item in graph.initializer}
    first = next(node for node in graph.node if node.op_type == "QuantizeLinear")
    expected = float(seen[0].max()) / 255
    np.testing.assert_allclose(scales[first.input[1]], expected, rtol=1e-5)


def test_only_the_ends_stay_in_float(exported):
    graph = onnx.load(str(exported[1])).graph
    made_by = {name: node.op_type for node in graph.node for name in node.output}
    weights = [
        made_by.get(node.input[1], "float")
        for node in graph.node
        if node.op_type in ("Conv", "ConvTranspose")
    ]
    assert weights[0] == weights[-1] == "float"
    assert set(weights[1:-1]) == {"DequantizeLinear"}


def test_half_of_the_tiles_have_target(store):
    for seed in range(3):
        chosen = _choose(store, 4, seed)
        assert (chosen < 3).sum() == 2
        assert len(set(chosen)) == 4
        assert (chosen == _choose(store, 4, seed)).all()
    assert sorted(_choose(store, 8, 0))[:3] == [0, 1, 2]
    assert list(_choose(store, 99, 0)) == list(range(10))


def test_a_store_of_other_bands_is_refused(tmp_path, make_store):
    other = TileStore(make_store(tmp_path / "store", bands=2))
    out = tmp_path / "int8.onnx"
    with pytest.raises(UserError, match=r"band_indexes \[1, 2\], .* with \[1, 2, 3\]"):
        export_int8(load(), out, other)
    assert not out.exists()
