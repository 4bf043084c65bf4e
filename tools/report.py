#!/usr/bin/env python
"""Write the report of an experiment: report.html, figures and tables.

python tools/report.py work_dirs/demo --out work_dirs/demo/report
python tools/report.py runs/seed0 runs/seed1 runs/seed2 --out report --window 100
python tools/report.py work_dirs --out report --window 101:400 --title "Ginseng 2026"
"""

import argparse
from pathlib import Path

from mmext.errors import exit_with_one_line
from mmext.report import EpochWindow, write_report
from mmext.report.write_report import TITLE


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
        "--window",
        default=":",
        help="epochs that the case table averages over: the last N, or FIRST:LAST "
        "(all that both stages have)",
    )
    parser.add_argument("--title", default=TITLE, help="of the page (%(default)s)")
    args = parser.parse_args()
    window = EpochWindow.parse(args.window)
    for note in write_report(args.work_dirs, args.out, window, args.title):
        print(note)
    print(f"{args.out / 'report.html'}: written")


if __name__ == "__main__":
    main()
