#!/usr/bin/env python
"""Score a checkpoint on its config's test set.

python tools/test.py configs/demo/stage2_A100-200.py \
        work_dirs/demo/stage2_A100-200/epoch_400.pth
"""

import argparse
import os
from pathlib import Path

from mmengine.config import DictAction

from mmext.engine.processes import process_group_ended
from mmext.engine.scoring import test_checkpoint
from mmext.errors import exit_with_one_line


@exit_with_one_line
def main() -> None:
    """Parse the command line and test."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path, help="config file")
    parser.add_argument("checkpoint", type=Path, help="checkpoint file")
    parser.add_argument(
        "--work-dir", type=Path, help="where results go (the checkpoint's folder)"
    )
    parser.add_argument("--tta", action="store_true", help="average over flips")
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
        test_checkpoint(
            args.config,
            args.checkpoint,
            work_dir=args.work_dir,
            options=args.cfg_options,
            tta=args.tta,
            launcher=args.launcher,
        )


if __name__ == "__main__":
    main()
