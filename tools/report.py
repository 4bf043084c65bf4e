#!/usr/bin/env python
"""Write the report of an experiment: report.html, figures and tables.

python tools/report.py work_dirs/demo --out work_dirs/demo/report
python tools/report.py work_dirs/seed0 work_dirs/seed1 --out report --window 100
"""

import argparse
from pathlib import Path

from mmext.errors import exit_on_user_error
from mmext.report import write_report


@exit_on_user_error
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
        "--window", type=int, help="average over the last so many epochs (all)"
    )
    args = parser.parse_args()
    for note in write_report(args.work_dirs, args.out, args.window):
        print(note)
    print(f"{args.out / 'report.html'}: written")


if __name__ == "__main__":
    main()
