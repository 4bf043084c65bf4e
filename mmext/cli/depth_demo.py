"""``mmext depth demo``."""

from pathlib import Path

from mmext.cli.arguments import OutputFolder
from mmext.cli.steps import Step, run_steps

_LOSSES = ("all", "no_silog", "no_smooth", "no_consistency", "no_smooth_no_consistency")
_RUNS = "work_dirs/depth"
_IMAGES = " ".join(
    f"data/depth_demo/thermal/indoor_{n:04}_000.png" for n in range(40, 44)
)

_STEPS = (
    Step(
        "Render rooms in thermal and colour, with exact depth",
        (
            "depth scenes --out data/depth_demo --train-scenes 40 --test-scenes 12 "
            "--frames 6 --size 128 96",
        ),
        # The list of samples is written last: it says that the set is whole.
        Path("data/depth_demo/samples.csv"),
    ),
    Step(
        "Train the five loss combinations, two at a time",
        tuple(f"train mmext::depth/demo/{name}.py --resume" for name in _LOSSES),
    ),
    Step(
        "Predict from thermal images alone",
        (
            f"depth predict {_RUNS}/demo/all/epoch_20.pth {_IMAGES} "
            f"--out {_RUNS}/demo_predictions --intrinsics 100.5 100.5 63.5 47.5",
        ),
    ),
    Step(
        "Write the report",
        (f"depth report {_RUNS}/demo --out {_RUNS}/demo_report",),
    ),
)

_END = f"""
Look at
  {_RUNS}/demo_report/report.html  figures and tables, in a browser
  {_RUNS}/demo_predictions/        depth, previews and point clouds"""


def demo(*, out: OutputFolder | None = None) -> None:
    """Run thermal depth once on rendered rooms, from images to a report.

    Every step is a command that is shown, as you would run it on your own data. What is
    finished is skipped on a second call. It takes a quarter of an hour.

        mmext depth demo
        mmext depth demo --out somewhere

    Args:
        out: Where results go, a folder for data/depth_demo and work_dirs/depth
            (default: the current one).
    """
    run_steps(_STEPS, out)
    print(_END)
