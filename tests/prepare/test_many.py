"""Scenes cut by many: the store is that of one process, whatever becomes of them."""

import contextlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import geopandas
import numpy as np
import pytest
from shapely.geometry import box

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.fileio import locked
from mmext.prepare.cutting import cut_scenes, cut_shard, merge_parts
from mmext.prepare.cutting_settings import Cutting
from mmext.prepare.labels import LabelSource
from mmext.prepare.scenes import Scene

psutil = pytest.importorskip("psutil")
CUTTING = Cutting(16, stride=12)


@pytest.fixture(autouse=True)
def _one_date(monkeypatch):
    """GDAL writes it into a GeoPackage."""
    monkeypatch.setenv("OGR_CURRENT_DATE", "2020-01-01T00:00:00.000Z")


@pytest.fixture
def scenes(tmp_path, write_raster):
    """Six scenes, one of which shows nothing; float, so that order would be seen."""
    rng = np.random.default_rng(0)
    fields = [box(200_003 + 50 * i, 499_985, 200_009 + 50 * i, 499_995) for i in (0, 3)]
    geopandas.GeoSeries(fields, crs="EPSG:5186").to_file(tmp_path / "fields.gpkg")
    labels = LabelSource(tmp_path / "fields.gpkg")
    made = []
    for index in range(6):
        image = rng.normal(1e4, 1, (2, 40, 30 + index)).astype("float32")
        image[:, :7] = -1.0
        if index == 4:
            image[:] = -1.0
        origin = (200_000.0 + 50 * index, 500_000.0)
        path = write_raster(f"s{index}.tif", image, origin=origin, nodata=-1.0)
        made.append(Scene(f"s{index}", path, labels))
    return made


def content(store):
    """A store's files; of ``store.json`` all but when the others were written."""
    meta = json.loads((store / "store.json").read_text())
    del meta["checks"]["files"]
    names = {path.name for path in store.iterdir()} - {"store.json", "preview.png"}
    return json.dumps(meta), {name: (store / name).read_bytes() for name in names}


@pytest.fixture
def expected(scenes, tmp_path):
    cut_scenes(scenes, tmp_path / "one", CUTTING)
    assert not (tmp_path / "one.parts").exists()
    TileStore(tmp_path / "one").verify(full=True)
    return content(tmp_path / "one")


def test_a_scene_without_a_tile_is_a_part(scenes, expected):
    meta = json.loads(expected[0])
    assert set(meta["scenes"]) == {f"s{index}" for index in range(6)}
    rows = -(-40 // 12) * sum(-(-(30 + i) // 12) for i in range(6) if i != 4)
    # Rows from 36 reach four rows into the scene, those from 0 begin in no-data.
    assert meta["num_tiles"] == rows


def test_shards_and_a_merge_are_one_call(scenes, expected, tmp_path, capsys):
    out = tmp_path / "parts"
    for index in (2, 0, 1):
        if index == 1:
            with pytest.raises(UserError, match=r"--merge: 2 of 6 .*s1\.tif: not cut"):
                merge_parts(scenes, out, CUTTING)
        cut_shard(scenes, scenes[index::3], out, CUTTING)
        assert not out.exists()
    # A shard that is begun once more, while someone else merges, cuts nothing.
    with locked(tmp_path / "parts.parts"):
        cut_shard(scenes, scenes[::3], out, CUTTING)
        with pytest.raises(UserError, match=r"parts\.parts: in use by process"):
            cut_scenes(scenes, out, CUTTING)
    assert capsys.readouterr().out.count("cut already") == 2
    with pytest.raises(UserError, match=r"6 of 6 .*other settings \(min_valid\)"):
        merge_parts(scenes, out, Cutting(16, stride=12, min_valid=0.5))
    merge_parts(scenes, out, CUTTING)
    assert content(out) == expected and not list(tmp_path.glob("parts.*"))


def test_what_cant_be_cut_does_not_stop_the_rest(scenes, expected, tmp_path, capsys):
    out, torn = tmp_path / "s", scenes[3].path
    whole, state = torn.read_bytes(), torn.stat()
    torn.write_bytes(whole[:1000])
    with pytest.raises(UserError, match=r"1 of 6 scenes can't be cut: .*s3\.tif"):
        cut_scenes(scenes, out, CUTTING)
    assert f"failed: {torn}" in capsys.readouterr().out
    assert not out.exists()
    assert {p.name for p in (tmp_path / "s.parts" / "scenes").iterdir()} == {
        f"s{index}" for index in range(6) if index != 3
    }
    torn.write_bytes(whole)
    os.utime(torn, ns=(state.st_atime_ns, state.st_mtime_ns))
    cut_scenes(scenes, out, CUTTING)
    assert capsys.readouterr().out.count("cut already") == 5
    assert content(out) == expected


def touch(path):
    os.utime(path, (0, 0))


@pytest.mark.parametrize(
    ("change", "cutting", "said", "again"),
    [
        (lambda folder: touch(folder / "s0.tif"), CUTTING, "another file", 1),
        (lambda folder: touch(folder / "fields.gpkg"), CUTTING, "labels are", 6),
        (lambda folder: None, Cutting(16), "other settings (stride)", 6),
        (
            lambda folder: os.truncate(
                folder / "s.parts" / "scenes" / "s1" / "masks.npy", 500
            ),
            CUTTING,
            "aren't those that were noted",
            1,
        ),
        (
            lambda folder: (
                folder / "s.parts" / "scenes" / "s2" / "part.json"
            ).write_text("{"),
            CUTTING,
            "damaged, not JSON",
            1,
        ),
    ],
)
def test_no_part_of_something_else_is_taken(
    scenes, tmp_path, capsys, change, cutting, said, again
):
    cut_shard(scenes, scenes, tmp_path / "s", CUTTING)
    change(tmp_path)
    cut_scenes(scenes, tmp_path / "s", cutting)
    lines = capsys.readouterr().out.splitlines()
    anew = [line for line in lines if "cut again, " in line]
    assert len(anew) == again and all(said in line for line in anew)
    cut_scenes(scenes, tmp_path / "fresh", cutting)
    assert content(tmp_path / "s") == content(tmp_path / "fresh")


def test_a_folder_of_someone_else_is_left_alone(scenes, tmp_path):
    (tmp_path / "s.parts").mkdir()
    (tmp_path / "s.parts" / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match="exists and holds no parts of a store"):
        cut_scenes(scenes, tmp_path / "s", CUTTING)
    assert (tmp_path / "s.parts" / "thesis.tex").read_text() == "years of work"
    assert [path.name for path in (tmp_path / "s.parts").iterdir()] == ["thesis.tex"]


def start(scenes, out, *arguments):
    labels = scenes[0].labels.path
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "mmext", "prepare"),
            *(str(scene.path) for scene in scenes),
            *("--labels", labels, "--tile-size", "16", "--stride", "12"),
            *("--out", out, *arguments),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(out):
    return len(list(Path(f"{out}.parts", "scenes").glob("s*/part.json")))


def workers(process):
    """The processes that cut."""
    for child in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has ended
            if any("spawn_main" in word for word in child.cmdline()):
                yield child


@pytest.fixture
def many(scenes, tmp_path, write_raster):
    """Twelve larger scenes more."""
    image = np.random.default_rng(1).normal(9, 1, (2, 150, 150)).astype("float32")
    origin = (200_000.0, 500_000.0)
    more = [write_raster(f"t{i}.tif", image + i, origin=origin) for i in range(12)]
    return [*scenes, *(Scene(p.stem, p, scenes[0].labels) for p in more)]


@pytest.mark.slow
def test_kills_at_random_moments(many, tmp_path, capsys):
    """Of one worker, then of all at once; then the run goes on."""
    one, out = tmp_path / "one", tmp_path / "s"
    cut_scenes(many, one, CUTTING)
    process = start(many, out, "--jobs", "2")
    while not finished(out):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.001)
    time.sleep(random.random() / 10)
    random.choice([*workers(process)]).kill()
    while finished(out) < 3:
        time.sleep(0.001)
    time.sleep(random.random() / 10)
    children = [*workers(process)]
    process.kill()
    process.communicate()
    # They end by themselves.
    assert psutil.wait_procs(children, timeout=20)[1] == []
    assert not out.exists() and 3 <= finished(out) < len(many)
    cut_scenes(many, out, CUTTING)
    said = capsys.readouterr()
    assert "left it without an end, taken over" in said.err
    assert said.out.count("cut already") >= 3
    assert content(out) == content(one) and not list(tmp_path.glob("s.*"))
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_workers_of_a_cluster_may_die(many, tmp_path):
    pytest.importorskip("distributed")
    one, out = tmp_path / "one", tmp_path / "s"
    cut_scenes(many, one, CUTTING)
    killed = []

    def kill_one():
        while finished(out) < 2:
            time.sleep(0.001)
        victim = random.choice([*workers(psutil.Process())])
        victim.kill()
        killed.append(victim.pid)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    cut_scenes(many, out, CUTTING, cluster="local:2")
    killer.join(1)
    assert killed and content(out) == content(one)
