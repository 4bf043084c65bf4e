#!/usr/bin/env python
"""Speed against named yardsticks, as ratios of medians from one run.

    python tools/benchmark.py
    python tools/benchmark.py --only mapping memory

Reading tiles: a tile store against mmseg's own loading of the same tiles from PNG.
Mapping: predict_scene against the network alone on the same windows in memory.
Memory: the peak of mapping a scene, and one with 50 times the pixels.
Accumulation: an epoch with three passes against one without.
Times on a shared machine are noisy; the ratios are what counts.
"""

import argparse

from mmext.benchmark import PARTS, benchmark_all
from mmext.errors import exit_with_one_line


@exit_with_one_line
def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5, help="per measurement (5)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    args = parser.parse_args()
    for line in benchmark_all(args.repeats, args.only):
        print(line)


if __name__ == "__main__":
    main()
