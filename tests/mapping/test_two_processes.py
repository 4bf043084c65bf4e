"""Sheets shared out over two processes, as a user starts them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio

from mmext.inference.backends import export_onnx
from mmext.inference.backends.exported import exported_predictor
from mmext.inference.prediction_settings import PredictionSettings
from mmext.mapping.many_scenes import predict_scenes

from .test_predict_scenes import blobs, load

pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")
ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


def torchrun(*arguments):
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2"]
    command += ["--master_port", "29641", "tools/predict_scene.py"]
    return subprocess.run(
        [*command, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )


def test_two_processes_do_what_one_does(tmp_path, write_raster):
    model = tmp_path / "model.onnx"
    export_onnx(load(), model)
    image = blobs((3, 90, 250))
    sheets = []
    for index in range(5):
        part = image[..., index * 50 : (index + 1) * 50]
        origin = (200_000.0 + 25 * index, 500_000.0)
        sheets.append(write_raster(f"sheet_{index}.tif", part, origin=origin))
    damaged = sheets[3]
    data = damaged.read_bytes()
    damaged.write_bytes(data[: len(data) // 2])

    out = tmp_path / "two"
    arguments = (model, *sheets, "--out", out, "--backend", "onnxruntime")
    result = torchrun(*arguments)
    assert result.returncode != 0
    lines = [x for x in result.stderr.splitlines() if x.startswith("error: ")]
    assert len(lines) == 1 and "1 of 5" in lines[0] and "sheet_3.tif" in lines[0]
    assert {p.stem for p in out.glob("sheet_*.json")} == {
        f"sheet_{index}" for index in (0, 1, 2, 4)
    }
    assert not list(out.glob(".*")) and not list(out.glob("sheet_3*"))

    predict_scenes(
        exported_predictor(model, "onnxruntime"),
        sheets,
        tmp_path / "one",
        PredictionSettings(),
    )
    for name in ("map_class.vrt", "map_probability.vrt"):
        with (
            rasterio.open(out / name) as two,
            rasterio.open(tmp_path / "one" / name) as one,
        ):
            np.testing.assert_array_equal(two.read(), one.read())
    tables = [
        geopandas.read_file(folder / "map.gpkg", layer="fields")
        for folder in (out, tmp_path / "one")
    ]
    assert len(tables[0]) == len(tables[1]) > 0
    assert tables[0].area.sum() == pytest.approx(tables[1].area.sum())

    # The sheet is mended: a second call maps it alone, and all is well.
    times = {p.name: p.stat().st_mtime_ns for p in out.glob("sheet_?_class.tif")}
    damaged.write_bytes(data)
    result = torchrun(*arguments)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("mapped already") == 4
    for name, time in times.items():
        assert (out / name).stat().st_mtime_ns == time
    assert json.loads((out / "sheet_3.json").read_text())["precision"] == "fp32"
    with rasterio.open(out / "map_class.vrt") as vrt:
        assert vrt.shape == (90, 250)
