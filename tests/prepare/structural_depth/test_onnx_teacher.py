import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from mmext.errors import UserError
from mmext.prepare.structural_depth import OnnxFacts, OnnxTeacher
from mmext.prepare.structural_depth.onnx_teacher import _open

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

FACTS = OnnxFacts("inverse_depth", False, "none", "mean of channels")


def write_model(path, batch="N", size=(8, 12), channels=3, axes=(1,)):
    """A network whose output is the mean of its input over ``axes``."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    node = helper.make_node("ReduceMean", ["x", "axes"], ["y"], keepdims=1)
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", kind, [batch, channels, *size])],
        [helper.make_tensor_value_info("y", kind, None)],
        [helper.make_tensor("axes", onnx.TensorProto.INT64, [len(axes)], axes)],
    )
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    onnx.save(model, path)
    return path


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (16, 24, 3)).astype(np.uint8) for _ in range(3)]


@pytest.mark.parametrize("batch", ["N", 1, 2])
def test_maps_at_any_batch_size(tmp_path, images, batch):
    teacher = OnnxTeacher(write_model(tmp_path / "m.onnx", batch), FACTS)
    maps = teacher.maps(images)
    assert len(maps) == 3
    for image, values in zip(images, maps, strict=True):
        small = cv2.resize(image, (12, 8), interpolation=cv2.INTER_AREA)
        np.testing.assert_allclose(values, small.mean(axis=2) / 255, atol=1e-6)
    assert teacher.note.input_size == (8, 12)
    assert teacher.note.space == "inverse_depth"
    assert len(teacher.note.sha256) == 64


def test_normalisation(tmp_path, images):
    path = write_model(tmp_path / "m.onnx")
    plain = OnnxTeacher(path, FACTS).maps(images)[0]
    half = OnnxTeacher(path, OnnxFacts("depth", False, "half")).maps(images)[0]
    np.testing.assert_allclose(half, (plain - 0.5) / 0.5, atol=1e-5)


def test_a_free_size_is_chosen(tmp_path, images):
    path = write_model(tmp_path / "m.onnx", size=("h", "w"))
    assert OnnxTeacher(path, FACTS, (14, 28)).maps(images)[0].shape == (14, 28)
    assert OnnxTeacher(path, FACTS).note.input_size == (224, 224)
    fixed = write_model(tmp_path / "fixed.onnx")
    with pytest.raises(UserError, match="takes 8×12 only"):
        OnnxTeacher(fixed, FACTS, (14, 28))


def test_an_unknown_file_needs_facts(tmp_path):
    path = write_model(tmp_path / "m.onnx")
    with pytest.raises(UserError, match="expected --space"):
        OnnxTeacher(path)
    with pytest.raises(ValidationError, match="disparity"):
        OnnxFacts("disparity", False, "none")
    with pytest.raises(ValidationError, match="'z'"):
        OnnxFacts("depth", False, "z")


def test_other_models_are_refused(tmp_path, images):
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(UserError, match="not a model"):
        OnnxTeacher(tmp_path / "text.onnx", FACTS)
    with pytest.raises(UserError, match="no such model"):
        OnnxTeacher(tmp_path / "absent.onnx", FACTS)
    grey = write_model(tmp_path / "grey.onnx", channels=1)
    with pytest.raises(UserError, match=r"expected one \(N, 3, h, w\)"):
        OnnxTeacher(grey, FACTS)
    classifier = write_model(tmp_path / "c.onnx", axes=(2, 3))
    with pytest.raises(UserError, match="expected one map for each of 3 images"):
        OnnxTeacher(classifier, FACTS).maps(images)


def test_a_weight_that_nothing_reads_is_no_news(tmp_path, images, capfd):
    path = write_model(tmp_path / "m.onnx")
    model = onnx.load(path)
    weight = onnx.helper.make_tensor("unread", onnx.TensorProto.FLOAT, [1], [0.0])
    model.graph.initializer.append(weight)
    onnx.save(model, path)
    assert len(OnnxTeacher(path, FACTS).maps(images)) == 3
    assert capfd.readouterr().err == ""


def test_a_gpu_that_is_not_used_is_said(tmp_path, monkeypatch, capfd):
    class OnCpu:
        def get_providers(self):
            return ["CPUExecutionProvider"]

    monkeypatch.setattr(
        onnxruntime,
        "get_available_providers",
        lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"],
    )
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *_, **__: OnCpu())
    _open(tmp_path / "m.onnx", 1)
    assert "can't use CUDAExecutionProvider" in capfd.readouterr().err


def test_the_real_file_is_known(shared_data):
    teacher = OnnxTeacher(shared_data / "fastdepth/fastdepth_7.onnx", threads=1)
    assert teacher.note.space == "depth"
    assert teacher.note.metric
    assert teacher.note.input_size == (224, 224)
    path = shared_data / "mm5_rgbdt/RGB/1.jpg"
    image = np.ascontiguousarray(cv2.imread(str(path))[:, :, ::-1])
    values = teacher.maps([image, image[:, ::-1]])
    assert values[0].shape == (224, 224)
    # A table at 1.3 m.
    assert 0.5 < np.median(values[0]) < 3
    assert abs(np.median(values[1]) - np.median(values[0])) < 0.5
