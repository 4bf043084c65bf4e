"""``mmext doctor``."""

import sys

from mmext.cli.arguments import (
    ConfigFile,
    ConfigOptions,
    Device,
    OutputFile,
    OutputFolder,
    parse_options,
)
from mmext.inference.device import running_on


def doctor(
    config: ConfigFile,
    /,
    *,
    work_dir: OutputFolder | None = None,
    cfg_options: ConfigOptions | None = None,
    verify: bool = False,
    device: Device | None = None,
    json: OutputFile | None = None,
) -> None:
    """Check a config, its data and this machine before hours are spent.

    Nothing is trained and nothing in work directories is changed. The exit status is 1
    where something would make the training fail or mean nothing, 0 otherwise.

        mmext doctor mmext::demo/stage2_B100-300.py

    Args:
        config: Config file, or mmext::NAME.
        work_dir: Where the run's files go (default: work_dirs/CONFIG).
        cfg_options: Override settings of the config, as key=value with dotted keys.
        verify: Compare every byte of the stores with what was recorded of them.
        device: Where the network runs: cpu, cuda or cuda:N (default: a GPU if there is
            one).
        json: File to write the findings and their numbers to, as well.
    """
    options = parse_options(cfg_options, "--cfg-options")
    from mmext.doctor import as_json, as_text, examine
    from mmext.fileio import atomic_path

    with running_on(device):
        found = examine(config, work_dir, options, verify)
    print(as_text(found))
    if json is not None:
        with atomic_path(json) as temporary:
            temporary.write_text(as_json(found), encoding="utf-8")
    if found.has_errors:
        sys.exit(1)
