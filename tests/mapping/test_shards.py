"""Sheets mapped by several calls: the same as by one, whatever becomes of the calls."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import geopandas
import pytest

from mmext.errors import UserError
from mmext.fileio import locked
from mmext.inference.backends import export_onnx
from mmext.inference.backends.exported import exported_predictor
from mmext.inference.prediction_settings import PredictionSettings
from mmext.mapping.many_scenes import merge_scenes, predict_scenes, predict_shard
from mmext.models import UnionDecoder

from .test_many_scenes import SETTINGS, cut_short, noise, pixelwise, web_sheets
from .test_predict_scenes import blobs, load

ROOT = Path(__file__).resolve().parents[2]


def assert_same_map(found, expected):
    """The same files, and in them the same."""
    names = {path.name for path in expected.iterdir()}
    assert {path.name for path in found.iterdir()} == names
    for name in names:
        one, other = found / name, expected / name
        if one.suffix == ".gpkg":
            tables = [
                geopandas.read_file(path, layer="fields") for path in (one, other)
            ]
            assert len(tables[0]) and tables[0].geom_equals_exact(tables[1], 0).all()
            columns = [table.drop(columns="geometry") for table in tables]
            assert columns[0].equals(columns[1])
        elif one.suffix != ".json":  # which names the folder
            assert one.read_bytes() == other.read_bytes(), name


@pytest.fixture
def sheets(tmp_path):
    sheets, _, _ = web_sheets(tmp_path / "in", noise(6, 64), 16)
    return sheets


@pytest.mark.parametrize("mode, confident", [("union", 1.0), ("hysteresis", 0.9)])
def test_shards_and_a_merge_are_one_call(tmp_path, sheets, capsys, mode, confident):
    predictor = pixelwise(tmp_path, UnionDecoder(mode, confident=confident))
    settings = PredictionSettings(window=64, min_area=5.0)
    expected, out = tmp_path / "one", tmp_path / "parts"
    assert predict_scenes(predictor, sheets, expected, settings) == []
    for index in (2, 1, 0):
        mine = sheets[index::3]
        assert predict_shard(predictor, sheets, mine, out, settings) == []
        assert not list(out.glob("map*"))
        if index:
            with pytest.raises(UserError, match="of 16 scenes aren't finished"):
                merge_scenes(predictor, sheets, out, settings)
            assert not list(out.glob("map*"))
    capsys.readouterr()
    # A shard that is begun once more, while someone else merges, maps nothing.
    with locked(out):
        predict_shard(predictor, sheets, sheets[::3], out, settings)
    assert capsys.readouterr().out.count("mapped already") == 6
    assert merge_scenes(predictor, sheets, out, settings) == []
    assert_same_map(out, expected)


def test_a_merge_says_what_is_missing(tmp_path, sheets):
    predictor, out = pixelwise(tmp_path), tmp_path / "map"
    sheets = sheets[:6]
    cut_short(sheets[2])
    [failure] = predict_shard(predictor, sheets, sheets[:4], out, SETTINGS)
    assert str(sheets[2]) in failure
    sheets[3].unlink()
    (out / f"{sheets[0].stem}.gpkg").unlink()
    with pytest.raises(UserError) as caught:
        merge_scenes(predictor, sheets, out, SETTINGS)
    said = str(caught.value)
    assert said.startswith("--merge: 5 of 6 scenes aren't finished: ")
    for sheet, words in (
        (sheets[0], f": {sheets[0].stem}.gpkg is missing"),
        (sheets[2], ": not mapped yet"),
        (sheets[3], ": no such file"),
        (sheets[5], ": not mapped yet"),
    ):
        assert f"{sheet}{words}" in said
    with pytest.raises(UserError, match=r"24 of 25 .*; and 19 more; map them"):
        merge_scenes(
            predictor, [*sheets, *map(Path, map(str, range(19)))], out, SETTINGS
        )
    with pytest.raises(UserError, match="of 1 scene, expected several"):
        merge_scenes(predictor, sheets[:1], out, SETTINGS)


def test_a_merge_takes_only_what_was_mapped_as_it_is_asked(tmp_path, sheets):
    predictor, out, two = pixelwise(tmp_path), tmp_path / "map", sheets[:2]
    predict_shard(predictor, two, two, out, SETTINGS)
    other = PredictionSettings(window=64, min_area=1.0)
    with pytest.raises(UserError, match=r"other settings \(min_area\)"):
        merge_scenes(predictor, two, out, other)
    # One sheet of one is cleaned at its edges, too: it is no sheet of two.
    predict_scenes(predictor, two[:1], out, SETTINGS)
    with pytest.raises(UserError, match=r"1 of 2 .*other settings \(spare_cut\)"):
        merge_scenes(predictor, two, out, SETTINGS)


def start(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "tools/predict_scene.py", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_shards_that_are_killed(tmp_path, write_raster):
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    model = tmp_path / "model.onnx"
    export_onnx(load(), model)
    image = blobs((3, 90, 600))
    sheets = []
    for index in range(12):
        part = image[..., index * 50 : (index + 1) * 50]
        origin = (200_000.0 + 25 * index, 500_000.0)
        sheets.append(write_raster(f"sheet_{index:02}.tif", part, origin=origin))
    arguments = (model, *sheets, "--backend", "onnxruntime", "--out")
    out = tmp_path / "parts"
    killed = start(*arguments, out, "--shard", "0/2")
    while not (out / "sheet_04.json").exists():
        assert killed.poll() is None, killed.communicate()[0]
        time.sleep(0.001)
    time.sleep(random.random() / 20)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    # What has its name is whole.
    for note in out.glob("sheet_*.json"):
        assert len(list(out.glob(f"{note.stem}*"))) == 4
    shards = [start(*arguments, out, "--shard", f"{index}/2") for index in range(2)]
    said = [shard.communicate()[0] for shard in shards]
    assert [shard.returncode for shard in shards] == [0, 0], said
    assert "mapped already" in said[0] and "6 of 12 scenes" in said[1]
    merging = start(*arguments, out, "--merge")
    said = merging.communicate()[0]
    assert merging.returncode == 0, said
    predictor = exported_predictor(model, "onnxruntime")
    assert (
        predict_scenes(predictor, sheets, tmp_path / "one", PredictionSettings()) == []
    )
    assert_same_map(out, tmp_path / "one")


@pytest.mark.slow
def test_torchrun_is_told_what_to_use(tmp_path):
    (tmp_path / "m.pth").touch()
    process = start(
        tmp_path / "m.pth", "x", "--out", tmp_path / "o", TORCHELASTIC_RUN_ID="1"
    )
    said = process.communicate()[0]
    assert process.returncode == 2 and "expected --shard I/N" in said
