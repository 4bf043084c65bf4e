"""Every command of every page runs as it is shown, in a reader's folder."""

import contextlib
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..range_server import serving
from .commands import ROOT, programs
from .readers_folder import make_readers_folder
from .warm_start import SHORTENED

pytestmark = pytest.mark.slow

#: How commands begin that are not run, and why.
NOT_RUN = {
    "make install": "installs from the network",
    "pip install": "installs from the network",
    "mmext demo": "ten minutes; tests/cli/test_demo.py has its steps",
    "make demo-depth": "a quarter of an hour; its steps are on the page",
    "make faults": "hours, as root; tests/faults runs them in short",
    "mmext study": "hours; tests/study runs small ones",
    "hf auth login": "asks for a token",
    "mmext export work_dirs/…/epoch_400_decided.pth --out dead_trees --to folder "
    "--push-to-hub": "uploads; tests/sharing/test_hub.py uploads to a stand-in",
    "tools/slurm_train.sh": "needs Slurm",
    "torchrun": "needs four machines; test_kills.py restarts processes of one",
    "qgis_process run": "tests/qgis runs them where there is QGIS",
}
#: What pages need that isn't installed everywhere, modules and programs.
NEEDED = {
    "docs/depth.md": ["onnx", "onnxruntime"],
    "docs/mapping.md": ["onnxscript", "onnxruntime", "openvino", "distributed"],
    "docs/sharing.md": ["onnxscript", "onnxruntime", "geodeep", "safetensors"],
    "docs/tile_stores.md": ["distributed"],
    "docs/zanzibar.md": ["gdalwarp", "gdal_retile.py"],
}
#: What stands on a page in place of a name of the reader's.
STANDS_FOR = {
    "work_dirs/…/": "work_dirs/stage2_B100-300/",
    "/SEQ/": "/_2021-08-06-10-59-33/",
}
_ONE_WORKER = dict(n_workers=1, threads_per_worker=1, dashboard_address=None)
_STORES = """
for split in train val test; do
    mmext prepare ortho_$split/*.tif --labels fields.gpkg \\
        --label-where "crop = 'ginseng'" --out data/ginseng/$split
done
mkdir -p data/demo data/zanzibar tiles
for place in data data/demo data/zanzibar tiles; do cp -r data/ginseng/* $place; done
"""
_TRAINED = """
mmext train mmext::stage2_B100-300.py --with-parents \\
    --cfg-options default_hooks.error_accumulation.counts=True
mmext fit-decision work_dirs/stage2_B100-300/epoch_400.pth --store data/ginseng/val
"""
_MAPPED = """
mmext predict work_dirs/stage2_B100-300/epoch_400.pth sheets/ --out map
mmext review work_dirs/stage1_trunk/error_bank_epoch_200.npz \\
    work_dirs/stage1_trunk/epoch_200.pth --store data/ginseng/train --out review.gpkg
"""
_EXPORTED = "mmext export work_dirs/…/epoch_400.pth --out model.onnx; "
#: Pages whose readers have trained before, and what else they have done.
TRAINED_BEFORE = {
    "docs/error_atlas.md": "",
    "docs/mapping.md": _EXPORTED,
    "docs/sharing.md": "",
    "docs/study.md": "",
    "docs/viewing.md": _MAPPED,
}
_DEMO = """rm -rf work_dirs/demo
mmext train mmext::demo/stage2_A100-200.py --with-parents
mmext train mmext::demo/stage1_baseline.py
"""
_COUNTRY = "mmext prepare sheets/ --labels fields.gpkg --out data/country"
#: What the reader does by hand before a command; of what a page shows as several ways
#: to one end, each is a reader's first.
BY_HAND = {
    "tools/dist_train.sh mine.py 4": "rm -r work_dirs/mine",
    "tools/dist_train.sh configs/stage2_B100-250.py 4": "rm -rf work_dirs",
    'mmext train mmext::stage1_trunk.py --cfg-options "default': "rm -r work_dirs",
    "mmext train mmext::stage2_B100-250.py  ": "rm -rf work_dirs",
    f"{_COUNTRY} --cluster": "rm -r data/country",
    f"{_COUNTRY} --shard 0/2": "rm -r data/country",
    "mmext area map/test_class.tif --sample": "python judge.py",
    "mmext analyze work_dirs/demo/stage1_baseline": _DEMO,
    "mmext train mmext::demo/stage1_trunk.py --cfg-options": "rm -r work_dirs/demo",
}
#: How commands begin that are shown to be refused.
REFUSED = ("mmext train mmext::stage2_B100-250.py      ",)

_JUDGE = """
import geopandas
points = geopandas.read_file("check/sample.gpkg")
points["reference"] = [index % 2 for index in range(len(points))]
points.to_file("check/sample.gpkg", layer="points")
"""


def blocks_of(page: str, *kinds: str) -> list[str]:
    """The blocks of a page that are in one of some languages."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", text, re.S | re.M)
    return [block for kind, block in blocks if kind in kinds]


def commands_of(page: str) -> list[str]:
    """The lines of all commands of a page; one that goes on in the next is one."""
    script = "".join(blocks_of(page, "bash", "console", "sh"))
    return re.sub(r" *\\\n *", " ", script).splitlines()


def is_run(command: str) -> bool:
    return not command.startswith(tuple(NOT_RUN))


_EVERY = [
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")))
    if path.name != "tutorial.md"  # executed by test_tutorial.py
]
PAGES = [page for page in _EVERY if any(map(is_run, commands_of(page)))]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Reader:
    """Who runs commands in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def copied(self, folder: Path) -> "Reader":
        """The same in another folder."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Reader(folder)

    def runs(self, script: str, **environment: str) -> None:
        """Run a script in bash; it must succeed."""
        log = self.folder / "said.txt"
        with log.open("w") as file:
            ended = subprocess.run(
                ["bash", "-eux", "-c", script],
                cwd=self.folder,
                env={
                    **os.environ,
                    "PATH": f"{programs()}:/usr/bin:/bin",
                    "PYTHONPATH": str(ROOT),
                    SHORTENED: "1",
                    "PORT": str(free_port()),
                    "MS2": "data/ms2",
                    "DATA": "data/dead_trees_source",
                    # Ctrl-C to what opens a page there.
                    "BROWSER": "bash -c '(sleep 1; kill -INT $PPID) &' %s",
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                timeout=900,
                check=False,
            )
        assert ended.returncode == 0, log.read_text()[-5000:]


@pytest.fixture(scope="session")
def beginning(tmp_path_factory) -> Reader:
    """The folder that all begin with."""
    reader = Reader(tmp_path_factory.mktemp("pages") / "reader")
    if geodeep := shutil.which("geodeep", path=str(Path(sys.executable).parent)):
        (programs() / "geodeep").symlink_to(geodeep)
    make_readers_folder(reader.folder)
    for name in ("configs", "tools"):
        (reader.folder / name).symlink_to(ROOT / name)
    (reader.folder / "judge.py").write_text(_JUDGE)
    reader.runs(_STORES)
    return reader


@pytest.fixture(scope="session")
def trained(beginning: Reader, tmp_path_factory) -> Reader:
    """The folder of those who have trained."""
    reader = beginning.copied(tmp_path_factory.mktemp("pages") / "reader")
    reader.runs(_TRAINED)
    return reader


@contextlib.contextmanager
def _cluster(folder: Path) -> Iterator[str]:
    """A cluster of one worker: its address; its file is in the folder."""
    import distributed

    with (
        distributed.LocalCluster(**_ONE_WORKER) as it,
        distributed.Client(it) as client,
    ):
        client.write_scheduler_file(folder / "scheduler.json")
        yield it.scheduler_address


def _serve_files(folder: Path, reader: Path, url: str) -> None:
    """What ``https://host`` and the bucket hold."""
    for name, source in {
        "a.tif": "ortho_north/a.tif",
        "ortho/a.tif": "ortho_north/a.tif",
        "ortho/visual.tif": "ortho_new/a.tif",
        "bucket/ortho/b.tif": "ortho_north/b.tif",
        "fields.gpkg": "fields.gpkg",
        "bucket/fields.gpkg": "fields.gpkg",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(reader / source, folder / name)
    assets = {
        "visual": {"href": f"{url}/ortho/visual.tif", "type": "image/tiff"},
        "B04": {"href": f"{url}/ortho/a.tif", "type": "image/tiff"},
    }
    item = {"type": "Feature", "stac_version": "1.0.0", "id": "S2A_31"}
    (folder / "items").mkdir()
    (folder / "items" / "S2A_31.json").write_text(
        json.dumps({**item, "links": [], "properties": {}, "assets": assets})
    )
    (reader / "hrefs.txt").write_text(f"{url}/ortho/a.tif\n")
    (reader / "sheets.txt").write_text("map/test_class.tif\nmap/next_class.tif\n")


@pytest.fixture
def reader(request, tmp_path) -> Reader:
    """Of the page that is the test's parameter."""
    page = request.getfixturevalue("page")
    for name in NEEDED.get(page, ()):
        if not (shutil.which(name) or importlib.util.find_spec(name)):
            pytest.skip(f"no {name}")
    before = "trained" if page in TRAINED_BEFORE else "beginning"
    reader = request.getfixturevalue(before).copied(tmp_path / "reader")
    for block in blocks_of(page, "python"):
        if named := re.match(r"# (\w+\.py)\b", block):
            (reader.folder / named[1]).write_text(block)
    for made in re.findall(r"--out (\S+)", "\n".join(commands_of(page))):
        shutil.rmtree(reader.folder / made.partition("$")[0], ignore_errors=True)
    if page == "docs/depth.md":
        from ..prepare.structural_depth.test_onnx_teacher import write_model

        write_model(reader.folder / "fastdepth.onnx")
    return reader


@pytest.mark.parametrize("page", PAGES)
def test_commands_run(page: str, reader: Reader, tmp_path: Path) -> None:
    lines = []
    for command in filter(is_run, commands_of(page)):
        lines += [by for start, by in BY_HAND.items() if command.startswith(start)]
        if command.startswith(REFUSED):
            command = f"if {command.partition('#')[0]}; then exit 1; fi"
        lines.append(command)
    script = TRAINED_BEFORE.get(page, "") + "\n".join(lines)
    for shown, own in STANDS_FOR.items():
        script = script.replace(shown, own)
    environment = {}
    with contextlib.ExitStack() as stack:
        if "tcp://" in script:
            address = stack.enter_context(_cluster(reader.folder))
            script = script.replace("tcp://10.0.0.1:8786", address)
        if "https://host/" in script:
            served = tmp_path / "served"
            served.mkdir()
            url = stack.enter_context(serving(served)).url
            _serve_files(served, reader.folder, url)
            script = script.replace("https://host/", f"{url}/")
            environment = {
                "AWS_S3_ENDPOINT": url.removeprefix("http://"),
                "AWS_HTTPS": "NO",
                "AWS_VIRTUAL_HOSTING": "FALSE",
                "AWS_NO_SIGN_REQUEST": "YES",
            }
        reader.runs(script, **environment)


def test_what_is_listed_is_on_a_page():
    every = [command for page in _EVERY for command in commands_of(page)]
    for start in (*NOT_RUN, *BY_HAND, *REFUSED):
        assert any(command.startswith(start) for command in every), start
    assert {*NEEDED, *TRAINED_BEFORE} <= set(PAGES)
