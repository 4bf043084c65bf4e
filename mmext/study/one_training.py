"""One training of a study, in a process of its own.

``python -m mmext.study.one_training CONFIG WORK_DIR [DEVICE] < options.json``
"""

import json
import sys
from pathlib import Path

from mmext.ending import exit_with_one_line
from mmext.engine.train import train
from mmext.inference.device import running_on


@exit_with_one_line
def main() -> None:
    """Train what the arguments name, going on where it was stopped."""
    config, work_dir = map(Path, sys.argv[1:3])
    with running_on(next(iter(sys.argv[3:]), None)):
        train(config, work_dir, json.load(sys.stdin), resume=True)


if __name__ == "__main__":
    main()
