"""``mmext depth report``."""

from typing import Annotated

from pydantic import Field

from mmext.checked import Index
from mmext.cli.arguments import ExistingFolder, OutputFolder


def report(
    work_dirs: Annotated[list[ExistingFolder], Field(min_length=1)],
    /,
    *,
    out: OutputFolder,
    number: Index = 4,
    samples: Annotated[list[str] | None, Field(min_length=1)] = None,
    title: str | None = None,
) -> None:
    """Write the report of a depth ablation: report.html, figures and tables.

    For example:

        mmext depth report work_dirs/depth/demo --out work_dirs/depth/demo/report
        mmext depth report runs/seed0 runs/seed1 runs/seed2 --out report
        mmext depth report work_dirs/depth/mm5 --out report --samples 80 122 207

    Args:
        work_dirs: Work directories or folders of them.
        out: Where results go, a folder.
        number: How many samples to draw, evenly spaced.
        samples: Which samples to draw, by their ids.
        title: Title of the page.
    """
    from mmext.reporting.depth import write_depth_report
    from mmext.reporting.depth.write_report import TITLE

    notes = write_depth_report(work_dirs, out, number, samples or [], title or TITLE)
    for note in notes:
        print(note)
    print(f"{out / 'report.html'}: written")
