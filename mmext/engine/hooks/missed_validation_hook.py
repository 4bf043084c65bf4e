"""The validation that a run was ended before."""

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmext.registry import HOOKS

from .history_hook import HistoryHook


@HOOKS.register_module()
class MissedValidationHook(Hook):
    """Validate first where the checkpoint's epoch was due to be and was not.

    ``train`` adds it to every training. It comes when all hooks are ready, since the
    validation may be the best so far and is saved then.
    """

    priority = "LOWEST"

    def before_train(self, runner: Runner) -> None:
        """Make up for it."""
        for hook in runner.hooks:
            if isinstance(hook, HistoryHook) and hook.misses_validation(runner):
                runner.val_loop.run()
