"""Sheets mapped by workers that die: the map is that of one call."""

import dataclasses
import random
import threading
import time

import pytest

from mmext.inference.backends import export_onnx
from mmext.inference.backends.exported import exported_predictor
from mmext.inference.prediction_settings import PredictionSettings
from mmext.mapping.cluster import WorkerModel, predict_on_cluster
from mmext.mapping.many_scenes import predict_scenes

from .test_many_scenes import cut_short
from .test_predict_scenes import blobs, load
from .test_shards import assert_same_map

pytest.importorskip("distributed")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")
psutil = pytest.importorskip("psutil")

pytestmark = pytest.mark.slow
SETTINGS = PredictionSettings(min_area=2.0)


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.onnx"
    export_onnx(load(), path)
    return path


@pytest.fixture
def sheets(write_raster):
    image = blobs((3, 90, 1200))
    return [
        write_raster(
            f"sheet_{index:02}.tif",
            image[..., index * 50 : (index + 1) * 50],
            origin=(200_000.0 + 25 * index, 500_000.0),
        )
        for index in range(24)
    ]


def on_cluster(path, scenes, out, **changes):
    predictor = exported_predictor(path, "onnxruntime")
    model = WorkerModel(path, "onnxruntime", "cpu", 512, "fp32", predictor.sha256)
    model = dataclasses.replace(model, **changes)
    return predict_on_cluster("local:2", model, predictor, scenes, out, SETTINGS)


def workers():
    """The processes that run tasks, not those that watch them."""
    for process in psutil.Process().children(recursive=True):
        if any("spawn_main" in word for word in process.cmdline()):
            yield process


def kill_some(out, moments, killed):
    """Kill a worker whenever so many sheets are finished."""
    for moment in moments:
        while len(list(out.glob("*.json"))) < moment:
            time.sleep(0.001)
        time.sleep(random.random() / 50)
        victim = random.choice([*workers()])
        victim.kill()
        killed.append(victim.pid)


def test_workers_killed_at_random(model, sheets, tmp_path, capfd):
    out, expected = tmp_path / "cluster", tmp_path / "one"
    predictor = exported_predictor(model, "onnxruntime")
    assert predict_scenes(predictor, sheets, expected, SETTINGS) == []
    # A damaged sheet is named, and does not stop the rest.
    whole = sheets[4].read_bytes()
    cut_short(sheets[4])
    killed = []
    killer = threading.Thread(
        target=kill_some, args=(out, (2, 7, 15), killed), daemon=True
    )
    killer.start()
    [failure] = on_cluster(model, sheets, out)
    killer.join(1)
    assert len(set(killed)) == 3
    assert str(sheets[4]) in failure and not list(out.glob(".*"))
    said = capfd.readouterr()
    assert "over 23 sheets" in said.out and f"failed: {failure}" in said.out
    assert "failed=1" in said.err
    # A second call maps it alone.
    sheets[4].write_bytes(whole)
    assert on_cluster(model, sheets, out) == []
    assert capfd.readouterr().out.count("mapped already") == 23
    assert_same_map(out, expected)


def test_workers_that_have_something_else_are_refused(
    model, sheets, tmp_path, monkeypatch
):
    [failure] = on_cluster(model, sheets[:1], tmp_path / "a", sha256="b" * 64)
    assert "another file" in failure
    monkeypatch.setattr("mmext.__version__", "0.0")
    [failure] = on_cluster(model, sheets[:1], tmp_path / "b")
    assert "expected 0.0" in failure
