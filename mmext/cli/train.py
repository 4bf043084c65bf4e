"""``mmext train``."""

import os
from typing import Annotated

from cyclopts import Group, Parameter

from mmext.cli.arguments import (
    ConfigFile,
    ConfigOptions,
    Device,
    Launcher,
    LocalRank,
    OutputFolder,
    at_most_one,
    parse_options,
)
from mmext.inference.device import running_on

_EARLIER = Group("Where the work directory holds a run", validator=at_most_one)
_BATCH = Group("The batch of several processes", validator=at_most_one)


def train(
    config: ConfigFile,
    /,
    *,
    work_dir: OutputFolder | None = None,
    resume: Annotated[bool, Parameter(group=_EARLIER)] = False,
    overwrite: Annotated[bool, Parameter(group=_EARLIER)] = False,
    with_parents: bool = False,
    amp: bool = False,
    device: Device | None = None,
    keep_batch: Annotated[bool, Parameter(group=_BATCH)] = False,
    auto_scale_lr: Annotated[bool, Parameter(group=_BATCH)] = False,
    cfg_options: ConfigOptions | None = None,
    launcher: Launcher = "none",
    local_rank: LocalRank = 0,
) -> None:
    """Train a config.

    A run that was killed goes on with --resume, to the same result.

        mmext train mmext::stage1_trunk.py
        mmext train mmext::stage2_B100-250.py --with-parents
        mmext train mmext::demo/stage1_trunk.py --cfg-options epoch_scale=0.02

    Args:
        config: Config file, or mmext::NAME.
        work_dir: Where the run's files go (default: work_dirs/CONFIG).
        resume: Go on from the newest checkpoint in the work directory.
        overwrite: Replace what is there, an earlier run.
        with_parents: First train what the config grows from and is not there yet.
        amp: Train in mixed precision, on a GPU.
        device: Where the network runs: cpu, cuda or cuda:N (default: a GPU if there is
            one).
        keep_batch: Share the config's batch among several processes, instead of
            giving one to each.
        auto_scale_lr: Raise the learning rate with the batch of several processes.
        cfg_options: Override settings of the config, as key=value with dotted keys.
        launcher: How the processes of a distributed run were started.
        local_rank: Number of the process on its machine.
    """
    options = parse_options(cfg_options, "--cfg-options")
    os.environ.setdefault("LOCAL_RANK", str(local_rank))
    from mmext.engine import train as engine
    from mmext.engine.batch_share import BatchChange
    from mmext.engine.processes import process_group_ended

    scaled: BatchChange | None = "scale" if auto_scale_lr else None
    with running_on(device, launcher), process_group_ended():
        engine.train(
            config,
            work_dir=work_dir,
            options=options,
            resume=resume,
            overwrite=overwrite,
            with_parents=with_parents,
            amp=amp,
            launcher=launcher,
            batch_change="keep" if keep_batch else scaled,
        )
