"""``mmext report``."""

from typing import Annotated

from pydantic import Field

from mmext.cli.arguments import Device, ExistingFolder, OutputFolder
from mmext.inference.device import running_on


def report(
    work_dirs: Annotated[list[ExistingFolder], Field(min_length=1)],
    /,
    *,
    out: OutputFolder,
    epochs: str | None = None,
    title: str | None = None,
    device: Device | None = None,
) -> None:
    """Write the report of an experiment: report.html, figures and tables.

    For example:

        mmext report work_dirs/demo --out work_dirs/demo/report
        mmext report runs/seed0 runs/seed1 runs/seed2 --out report --epochs 100
        mmext report work_dirs --out report --epochs 101:400 --title "Ginseng 2026"

    Args:
        work_dirs: Work directories or folders of them.
        out: Where results go, a folder.
        epochs: Epochs that the case table averages over: N for the last N,
            FIRST:LAST, or : for all that both stages have (default: those after
            errors began to be accumulated).
        title: Title of the page.
        device: Where the network runs: cpu, cuda or cuda:N (default: a GPU if there is
            one).
    """
    from mmext.reporting.segmentation import EpochWindow, write_report
    from mmext.reporting.segmentation.write_report import TITLE

    window = None if epochs is None else EpochWindow.parse(epochs)
    with running_on(device):
        notes = write_report(work_dirs, out, window, title or TITLE)
    for note in notes:
        print(note)
    print(f"{out / 'report.html'}: written")
