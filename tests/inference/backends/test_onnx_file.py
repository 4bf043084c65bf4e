"""ONNX files that someone else may have written."""

import json
import random

import pytest
from mmengine.registry import DefaultScope

from mmext.errors import UserError
from mmext.inference.backends import export_onnx
from mmext.inference.backends.exported import exported_predictor
from mmext.inference.backends.onnx_file import METADATA
from tests.mapping.test_predict_scenes import load

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    with DefaultScope.overwrite_default_scope("mmext"):
        export_onnx(load(), path)
    return onnx.load(str(path))


def refused(model, tmp_path, message):
    path = tmp_path / "planted.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(UserError, match=message) as caught:
        exported_predictor(path, "onnxruntime")
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]


def copied(model):
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


@pytest.mark.parametrize("nested", [False, True])
def test_values_in_another_file_are_refused(model, tmp_path, nested):
    """Of the graph, or of a tensor inside a node of a function."""
    planted = copied(model)
    if nested:
        attribute = planted.functions.add().node.add().attribute.add()
        attribute.name = "value"
        tensor = attribute.t
    else:
        tensor = planted.graph.initializer[0]
        tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../../etc/passwd"
    refused(planted, tmp_path, "has values in another file .*etc/passwd")


def test_operators_of_others_are_refused(model, tmp_path):
    planted = copied(model)
    planted.graph.node[0].domain = "com.example"
    refused(planted, tmp_path, r"uses the operator com.example\.")


def described(model, change):
    planted = copied(model)
    [entry] = [e for e in planted.metadata_props if e.key == METADATA]
    entry.value = change(entry.value)
    return planted


@pytest.mark.parametrize(
    "key, value, message",
    [
        ("format", 2, r"metadata\.format"),
        ("channels", [], r"metadata\.channels"),
        ("channels", "target", r"metadata\.channels"),
        ("channels", ["a", "b"], "decoder|target among them"),
        ("channels", ["target"], "gives float32 .* expected"),
        ("multiple", 0, r"metadata\.multiple"),
        ("multiple", 10**9, r"metadata\.multiple"),
        ("reach", -1, r"metadata\.reach"),
        ("checkpoint", "../../escape.pth", r"metadata\.checkpoint"),
        ("sha256", "x", r"metadata\.sha256"),
        ("calibration", 1, r"metadata\.calibration"),
        (
            "calibration",
            {"fingerprint": "a" * 64, "tiles": 0, "seed": 0},
            r"metadata\.calibration\.tiles",
        ),
        ("store", {}, "missing"),
        ("store", {"band_indexes": [0], "dtype": "uint8"}, "band_indexes"),
        ("store", {"band_indexes": [1], "dtype": "object"}, "dtype"),
        ("store", {"band_indexes": [1], "dtype": "uint8"}, "can't run it"),
        ("decoder", {"mode": "__import__('os')"}, "decoder"),
        (
            "decoder",
            {"mode": "nonsense", "threshold": 0.5, "confident": 1.0},
            "decoder.mode",
        ),
        (
            "decoder",
            {"mode": "union", "threshold": 0.5, "confident": 1.0, "grow": 1000},
            "decoder.grow: is 1000",
        ),
    ],
)
def test_descriptions_of_another_kind_are_refused(model, tmp_path, key, value, message):
    changed = described(model, lambda text: json.dumps(json.loads(text) | {key: value}))
    refused(changed, tmp_path, message)


def test_files_that_do_not_speak_of_growth_have_none(model, tmp_path):
    decoder = {"mode": "target", "threshold": 0.3, "confident": 1.0}
    changed = described(
        model, lambda text: json.dumps(json.loads(text) | {"decoder": decoder})
    )
    path = tmp_path / "m.onnx"
    path.write_bytes(changed.SerializeToString())
    found = exported_predictor(path, "onnxruntime").decoder
    assert found.settings == decoder | {"grow": 0}


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "[" * 100_000, "null", " " * 2_000_000]
)
def test_descriptions_that_are_none_are_refused(model, tmp_path, text):
    refused(described(model, lambda _: text), tmp_path, "metadata")


def test_garbage_is_one_line(model, tmp_path):
    whole, rng = model.SerializeToString(), random.Random(0)
    path = tmp_path / "m.onnx"
    refusals = 0
    for _ in range(60):
        content = bytearray(
            whole[: rng.randrange(len(whole))] if rng.random() < 0.3 else whole
        )
        for _ in range(rng.randrange(1, 20)):
            if content:
                content[rng.randrange(len(content))] = rng.randrange(256)
        path.write_bytes(content)
        try:
            exported_predictor(path, "onnxruntime")
        except UserError as error:
            refusals += 1
            assert "\n" not in str(error)
    assert refusals > 20
