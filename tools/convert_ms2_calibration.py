#!/usr/bin/env python
"""Convert MS2's pickled calib.npy into calibration.json beside it, once.

    python tools/convert_ms2_calibration.py data/ms2/sync_data/*/calib.npy

A pickle can run code when it is read, so nothing else in mmext reads these files. This
tool builds arrays only and refuses a file that calls anything more.
"""

import argparse
from pathlib import Path

from mmext.datasets.depth.ms2_calibration import convert_calibration
from mmext.errors import exit_with_one_line


@exit_with_one_line
def main() -> None:
    """Parse the command line and convert."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("calibrations", nargs="+", type=Path, help="calib.npy files")
    for path in parser.parse_args().calibrations:
        print(f"{convert_calibration(path)}: written")


if __name__ == "__main__":
    main()
