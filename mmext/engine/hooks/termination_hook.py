"""The end of an epoch as the end of a training that was asked to end."""

import sys

import torch
from mmengine import dist
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmext.engine.termination import Terminated, Termination
from mmext.registry import HOOKS

from .atomic_checkpoint_hook import AtomicCheckpointHook


@HOOKS.register_module()
class TerminationHook(Hook):
    """Write the epoch's checkpoint, whatever the interval, and end.

    An epoch's end is the only point from which a training can be gone on with to the
    same result (``EpochSeedHook``), so the epoch is finished first. ``train`` adds the
    hook to every training. A validation that was due is made up for on resuming.

    Args:
        termination: Says whether this process was asked to; one of several is
            enough.
    """

    # The last of all: the epoch's history and record are written.
    priority = "LOWEST"

    def __init__(self, termination: Termination) -> None:
        self.termination = termination

    def after_train_epoch(self, runner: Runner) -> None:
        """End here if any process was asked to."""
        asked = torch.tensor(int(self.termination.asked))
        dist.all_reduce(asked, op="max")
        if not asked:
            return
        for hook in runner.hooks:
            if isinstance(hook, AtomicCheckpointHook):
                hook.save_epoch(runner)
        if dist.is_main_process():
            epochs = f"epoch {runner.epoch + 1} of {runner.max_epochs}"
            print(
                f"{runner.work_dir}: ended by SIGTERM after {epochs}; --resume goes on",
                file=sys.stderr,
            )
        raise Terminated
