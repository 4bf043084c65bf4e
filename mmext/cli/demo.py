"""``mmext demo``."""

from pathlib import Path

from mmext.cli.arguments import OutputFolder
from mmext.cli.steps import Step, run_steps

_CASE = "stage2_A100-200"
_SCENES = Path("data/demo/scenes")
_RUNS = Path("work_dirs/demo")

_STEPS = (
    Step(
        "Render a region of farmland to train on",
        (
            f"scenes --out {_SCENES} --name train --size 2048 1536 --seed 0 "
            "--region gyeonggi",
        ),
        # A scene's picture is written last: it says that the scene is whole.
        _SCENES / "train.png",
    ),
    Step(
        "Render another to test on, with other light, colours and habits",
        (
            f"scenes --out {_SCENES} --name test --size 1536 1024 --seed 1 "
            "--region jeolla",
        ),
        _SCENES / "test.png",
    ),
    *(
        Step(
            f"Cut the {split} scene into tiles",
            (
                f"prepare {_SCENES}/{split}.tif "
                f"--labels {_SCENES}/{split}_fields.gpkg --tile-size 128 "
                f"--out data/demo/{split}",
            ),
            Path("data/demo", split),
        )
        for split in ("train", "test")
    ),
    Step(
        "Train stage 1, accumulate its errors, train stage 2",
        (f"train mmext::demo/{_CASE}.py --with-parents --resume",),
    ),
    Step(
        "Go on with stage 1 alone for as long, to compare",
        ("train mmext::demo/stage1_baseline.py --with-parents --resume",),
    ),
    Step(
        "Map the unseen test scene",
        (f"predict {_RUNS}/{_CASE}/epoch_32.pth {_SCENES}/test.tif --out {_RUNS}/map",),
    ),
    Step("Write the report", (f"report {_RUNS} --out {_RUNS}/report",)),
)

_END = f"""
Look at
  {_RUNS}/report/report.html  figures and tables, in a browser
  {_RUNS}/map/                the map: COGs and a GeoPackage, in QGIS
  data/demo/train/preview.png        the training tiles"""


def demo(*, out: OutputFolder | None = None) -> None:
    """Run everything once on synthetic scenes, from GeoTIFFs to a map and a report.

    Every step is a command that is shown, as you would run it on your own data. What is
    finished is skipped on a second call. It takes minutes.

        mmext demo
        mmext demo --out somewhere

    Args:
        out: Where results go, a folder for data/demo and work_dirs/demo (default: the
            current one).
    """
    run_steps(_STEPS, out)
    print(_END)
