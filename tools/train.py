#!/usr/bin/env python
"""Train a config.

    python tools/train.py configs/stage1_trunk.py
    python tools/train.py configs/stage2_B100-250.py --with-parents
    python tools/train.py configs/demo/stage1_trunk.py --cfg-options epoch_scale=0.02

A run that was killed goes on with --resume, to the same result.
"""

import argparse
import os
from pathlib import Path

from mmengine.config import DictAction

from mmext.engine.processes import process_group_ended
from mmext.engine.train import train
from mmext.errors import exit_with_one_line


@exit_with_one_line
def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path, help="config file")
    parser.add_argument(
        "--work-dir", type=Path, help="where the run's files go (work_dirs/<config>)"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on from the newest own checkpoint"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="train anew over an earlier run"
    )
    parser.add_argument(
        "--with-parents",
        action="store_true",
        help="first train what the config's lineage needs and is not there yet",
    )
    parser.add_argument("--amp", action="store_true", help="mixed precision")
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=DictAction,
        help="override settings, as key=value with dotted keys",
    )
    parser.add_argument(
        "--launcher", choices=("none", "pytorch", "slurm", "mpi"), default="none"
    )
    parser.add_argument("--local_rank", "--local-rank", type=int, default=0)
    args = parser.parse_args()
    os.environ.setdefault("LOCAL_RANK", str(args.local_rank))
    with process_group_ended():
        train(
            args.config,
            work_dir=args.work_dir,
            options=args.cfg_options,
            resume=args.resume,
            overwrite=args.overwrite,
            with_parents=args.with_parents,
            amp=args.amp,
            launcher=args.launcher,
        )


if __name__ == "__main__":
    main()
