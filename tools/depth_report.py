#!/usr/bin/env python
"""Write the report of a depth ablation: report.html, figures and tables.

python tools/depth_report.py work_dirs/depth/demo --out work_dirs/depth/demo/report
python tools/depth_report.py runs/seed0 runs/seed1 runs/seed2 --out report
python tools/depth_report.py work_dirs/depth/mm5 --out report --frames 80 122 207
"""

import argparse
from pathlib import Path

from mmext.errors import exit_with_one_line
from mmext.report.depth import write_depth_report
from mmext.report.depth.write_report import TITLE


@exit_with_one_line
def main() -> None:
    """Parse the command line and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "work_dirs", nargs="+", type=Path, help="work directories or folders of them"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument(
        "--number", type=int, default=4, help="frames to draw, evenly spaced (4)"
    )
    parser.add_argument(
        "--frames", nargs="+", default=[], metavar="ID", help="draw these samples"
    )
    parser.add_argument("--title", default=TITLE, help="of the page (%(default)s)")
    args = parser.parse_args()
    for note in write_depth_report(
        args.work_dirs, args.out, args.number, args.frames, args.title
    ):
        print(note)
    print(f"{args.out / 'report.html'}: written")


if __name__ == "__main__":
    main()
