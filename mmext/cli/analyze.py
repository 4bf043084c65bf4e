"""``mmext analyze``."""

from typing import Annotated

from pydantic import Field

from mmext.checked import Count
from mmext.cli.arguments import Device, ExistingFolder, OutputFolder
from mmext.inference.device import running_on


def analyze(
    work_dirs: Annotated[list[ExistingFolder], Field(min_length=1)],
    /,
    *,
    out: OutputFolder,
    keys: Annotated[list[str] | None, Field(min_length=1)] = None,
    store: ExistingFolder | None = None,
    worst: Count = 12,
    device: Device | None = None,
) -> None:
    """Compare any trainings: learning curves, confusion by class, worst tiles.

    For example:

        mmext analyze work_dirs/stage1_trunk work_dirs/stage2 --out analysis
        mmext analyze work_dirs --out analysis --keys lr loss.mean train.target.iou
        mmext analyze work_dirs/trunk --out analysis --store data/train --worst 30

    Args:
        work_dirs: Work directories or folders of them.
        out: Where results go, a folder: analysis.html, figures, curves.csv,
            confusion.csv and tiles.csv.
        keys: What curves show, by its place in history.jsonl; without a mask's name
            that of the mask that the training decides by (default: loss.mean,
            train.iou, test.iou).
        store: Tile store that the newest checkpoints answer (default: each training's
            test store).
        worst: How many of the worst tiles are drawn.
        device: Where the network runs: cpu, cuda or cuda:N (default: a GPU if there is
            one).
    """
    from mmext.reporting.analysis import write_analysis

    with running_on(device):
        notes = write_analysis(work_dirs, out, keys, store, worst)
    for note in notes:
        print(note)
    print(f"{out / 'analysis.html'}: written")
