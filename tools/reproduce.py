#!/usr/bin/env python
"""Run the paper's whole experiment on a tile store, and report it.

Trunk, branches A and B, stage 1 at full length, four second stages, report:
    python tools/reproduce.py configs/demo --out work_dirs/reproduction
    python tools/reproduce.py configs --out work_dirs/ginseng --epoch-scale 0.5 \
        --train data/ginseng/train --test data/ginseng/test --seeds 0 1 2

What is finished is skipped and what was begun goes on, so a killed call is made again.
"""

import argparse
from pathlib import Path

from mmengine.config import DictAction

from mmext.errors import exit_with_one_line
from mmext.study.reproduce import reproduce


@exit_with_one_line
def main() -> None:
    """Parse the command line and reproduce."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("configs", type=Path, help="folder of stage1_* and stage2_*")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--train", help="tile store to train on (the configs')")
    parser.add_argument("--test", help="tile store to test on (the configs')")
    parser.add_argument(
        "--epoch-scale",
        type=float,
        help="factor of the paper's 100/200/250/300/400 epochs (the configs')",
    )
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[0], help="repetitions (0)"
    )
    parser.add_argument(
        "--jobs", type=int, default=1, help="trainings at once (%(default)s)"
    )
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=DictAction,
        default={},
        help="override settings of every training, as key=value with dotted keys",
    )
    args = parser.parse_args()
    options = dict(args.cfg_options)
    if args.train:
        options["train_dataloader.dataset.store"] = args.train
    if args.test:
        options["val_dataloader.dataset.store"] = args.test
        options["test_dataloader.dataset.store"] = args.test
    if args.epoch_scale:
        options["epoch_scale"] = args.epoch_scale
    for note in reproduce(args.configs, args.out, options, args.seeds, args.jobs):
        print(note)
    print(f"{args.out / 'report' / 'report.html'}: written")


if __name__ == "__main__":
    main()
