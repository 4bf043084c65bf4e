"""``mmext test``."""

import os

from mmext.cli.arguments import (
    CheckpointPath,
    ConfigFile,
    ConfigOptions,
    Device,
    Launcher,
    LocalRank,
    OutputFolder,
    parse_options,
)
from mmext.inference.device import running_on


def test(
    config: ConfigFile,
    checkpoint: CheckpointPath,
    /,
    *,
    out: OutputFolder | None = None,
    tta: bool = False,
    device: Device | None = None,
    cfg_options: ConfigOptions | None = None,
    launcher: Launcher = "none",
    local_rank: LocalRank = 0,
) -> None:
    r"""Score a checkpoint on its config's test set.

    Writes test_metrics.json.

        mmext test mmext::demo/stage2_A100-200.py \
            work_dirs/demo/stage2_A100-200/epoch_32.pth

    Args:
        config: Config file, or mmext::NAME.
        checkpoint: Checkpoint, epoch_N.pth, or a model's folder.
        out: Where results go, a folder (default: the checkpoint's).
        tta: Average over the four mirror images.
        device: Where the network runs: cpu, cuda or cuda:N (default: a GPU if there is
            one).
        cfg_options: Override settings of the config, as key=value with dotted keys.
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
            work_dir=out,
            options=options,
            tta=tta,
            launcher=launcher,
        )
