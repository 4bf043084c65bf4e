"""``mmext demo``."""

import os
import shlex
from pathlib import Path

from mmext.cli.arguments import OutputFolder

_CASE = "stage2_A100-200"
_SCENES = Path("data/demo/scenes")
_RUNS = Path("work_dirs/demo")

#: What is done, and by which command line. Those with a path are done when it is there.
_STEPS: tuple[tuple[str, Path | None, str], ...] = (
    (
        "Render a region of farmland to train on",
        # A scene's picture is written last: it says that the scene is whole.
        _SCENES / "train.png",
        f"scenes --out {_SCENES} --name train --size 2048 1536 --seed 0 "
        "--region gyeonggi",
    ),
    (
        "Render another to test on, with other light, colours and habits",
        _SCENES / "test.png",
        f"scenes --out {_SCENES} --name test --size 1536 1024 --seed 1 --region jeolla",
    ),
    *(
        (
            f"Cut the {split} scene into tiles",
            Path("data/demo", split),
            f"prepare --images {_SCENES}/{split}.tif "
            f"--labels {_SCENES}/{split}_fields.gpkg --tile-size 128 "
            f"--out data/demo/{split}",
        )
        for split in ("train", "test")
    ),
    (
        "Train stage 1, accumulate its errors, train stage 2",
        None,
        f"train mmext::demo/{_CASE}.py --with-parents --resume",
    ),
    (
        "Go on with stage 1 alone for as long, to compare",
        None,
        "train mmext::demo/stage1_baseline.py --with-parents --resume",
    ),
    (
        "Map the unseen test scene",
        None,
        f"predict {_RUNS}/{_CASE}/epoch_32.pth {_SCENES}/test.tif --out {_RUNS}/map",
    ),
    ("Write the report", None, f"report {_RUNS} --out {_RUNS}/report"),
)

_END = f"""
Look at
  {_RUNS}/report/report.html  figures and tables, in a browser
  {_RUNS}/map/                the map: COGs and a GeoPackage, in QGIS
  data/demo/train/preview.png        the training tiles"""


def demo(*, out: OutputFolder | None = None) -> None:
    """Do the whole of the main job on synthetic scenes, from GeoTIFF to a map.

    Every step is a command of its own, as one would run it on one's own data, and is
    shown. What is finished is skipped on a second call. It takes minutes.

        mmext demo
        mmext demo --out somewhere

    Args:
        out: Folder for data/demo and work_dirs/demo (the current one).
    """
    from mmext.cli.app import run

    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        # The demo's configs name their data from the current folder, as all do.
        os.chdir(out)
        print(f"$ cd {shlex.quote(str(out))}")
    for title, result, line in _STEPS:
        if result is None or not result.exists():
            print(f"\n== {title}\n   $ mmext {line}", flush=True)
            run(shlex.split(line))
    print(_END)
