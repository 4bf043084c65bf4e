import importlib.util
import time
from dataclasses import replace

import numpy as np
import pytest
import rasterio
import torch
from mmengine.registry import DefaultScope

from mmext.errors import UserError
from mmext.inference.backends import export_onnx
from mmext.inference.backends.choose import _fastest, open_predictor
from mmext.inference.backends.eager import eager_predictor
from mmext.inference.backends.exported import exported_predictor
from mmext.inference.correctness import Correctness, Term
from mmext.inference.prediction_settings import PredictionSettings
from mmext.mapping.predict_scene import predict_scene
from tests.mapping.test_predict_scenes import blobs, load

pytest.importorskip("onnxscript")
INSTALLED = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            importlib.util.find_spec(name) is None, reason=f"{name} is not installed"
        ),
    )
    for name in ("onnxruntime", "openvino")
]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model and its ONNX file."""
    with DefaultScope.overwrite_default_scope("mmext"):
        loaded = load(threshold={"target": 0.4, "error": 0.6})
    loaded.model.union_decoder.grow = 2
    correctness = Correctness(-1.0, (Term("mean_prob", 2.0, -3.0, 3.0),), 50, 20)
    loaded = replace(loaded, correctness=correctness)
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    assert export_onnx(loaded, path) < 1e-4
    return loaded, path


@pytest.mark.parametrize("backend", INSTALLED)
@pytest.mark.parametrize("size", [(16, 16), (64, 40), (75, 33)])
def test_an_exported_model_says_what_torch_says(exported, backend, size):
    loaded, path = exported
    image = torch.rand(1, 3, *size) * 255
    expected = eager_predictor(loaded).probabilities(image)
    found = exported_predictor(path, backend).probabilities(image)
    assert found.shape == expected.shape
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=0)
    assert exported_predictor(path, backend).correctness == loaded.correctness


@pytest.mark.parametrize("backend", INSTALLED)
def test_it_maps_without_the_checkpoint(exported, backend, tmp_path, write_raster):
    loaded, path = exported
    scene = write_raster("s.tif", blobs((3, 150, 170)))
    settings = PredictionSettings(window=136, float_probabilities=True)
    results = [
        predict_scene(predictor, scene, tmp_path / predictor.backend, settings)
        for predictor in (eager_predictor(loaded), open_predictor(path, backend))
    ]
    maps = [rasterio.open(result.probability).read() for result in results]
    np.testing.assert_allclose(*maps, atol=2e-5)
    predictor = open_predictor(path, backend)
    assert predictor.decoder.threshold == {"target": 0.4, "error": 0.6}
    assert predictor.decoder.settings == loaded.model.union_decoder.settings
    assert (predictor.path.name, predictor.sha256) == ("m.pth", "a" * 64)
    assert predictor.reach == loaded.model.backbone.receptive_field // 2


def test_the_fastest_is_taken_and_named(exported, capsys):
    eager = eager_predictor(exported[0])

    def slow(image):
        time.sleep(0.05)
        return eager.probabilities(image)

    other = replace(eager, backend="slow", probabilities=slow)
    assert _fastest([other, eager], 64) is eager
    assert "with slow" in capsys.readouterr().out


def test_an_exported_model_is_run_without_saying_by_what(exported):
    assert open_predictor(exported[1]).backend == "onnxruntime"


def test_refusals(exported, tmp_path):
    with pytest.raises(UserError, match="eager can't run it, expected one of auto"):
        open_predictor(exported[1], "eager")
    with pytest.raises(UserError, match="no such model"):
        exported_predictor(tmp_path / "absent.onnx", "onnxruntime")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    with pytest.raises(UserError, match=r"not an ONNX model|was not written by"):
        exported_predictor(broken, "onnxruntime")
