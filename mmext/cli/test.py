"""``mmext test``."""

import os

from mmext.cli.arguments import (
    ConfigFile,
    ConfigOptions,
    Device,
    ExistingFile,
    Launcher,
    LocalRank,
    OutputFolder,
    parse_options,
)
from mmext.inference.device import running_on


def test(
    config: ConfigFile,
    checkpoint: ExistingFile,
    /,
    *,
    work_dir: OutputFolder | None = None,
    tta: bool = False,
    device: Device | None = None,
    cfg_options: ConfigOptions | None = None,
    launcher: Launcher = "none",
    local_rank: LocalRank = 0,
) -> None:
    r"""Score a checkpoint on its config's test set.

    For example:

        mmext test configs/demo/stage2_A100-200.py \
            work_dirs/demo/stage2_A100-200/epoch_400.pth

    Args:
        config: Config file, or mmext::NAME.
        checkpoint: Checkpoint file.
        work_dir: Where results go (the checkpoint's folder).
        tta: Average over flips.
        device: Where the network runs: cpu, cuda or cuda:N (a GPU if there is one).
        cfg_options: Override settings, as key=value with dotted keys.
        launcher: How the processes of a distributed run were started.
        local_rank: Number of the process on its machine.
    """
    options = parse_options(cfg_options, "--cfg-options")
    os.environ.setdefault("LOCAL_RANK", str(local_rank))
    from mmext.engine.processes import process_group_ended
    from mmext.engine.scoring import test_checkpoint

    with running_on(device, launcher), process_group_ended():
        test_checkpoint(
            config,
            checkpoint,
            work_dir=work_dir,
            options=options,
            tta=tta,
            launcher=launcher,
        )
