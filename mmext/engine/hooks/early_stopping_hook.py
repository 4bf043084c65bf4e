"""Early stopping that a killed and resumed run does at the same epoch."""

from mmengine.hooks import EarlyStoppingHook as _EarlyStoppingHook
from mmengine.runner import Runner

from mmext.errors import UserError
from mmext.registry import HOOKS

from .history_hook import HistoryHook, refuse_absent_score, score_of


@HOOKS.register_module()
class EarlyStoppingHook(_EarlyStoppingHook):
    """mmengine's ``EarlyStoppingHook``, whose patience survives a resume.

    mmengine's forgets the best score and how long ago it was. This one reads them from
    the run's history: the scores of the epochs so far.
    """

    # After HistoryHook, before MissedValidationHook, whose scores are new.
    priority = 65

    def before_train(self, runner: Runner) -> None:
        """Look at the scores of the epochs that a resumed run has behind it.

        Raises:
            UserError: The config has no ``HistoryHook``.
        """
        histories = [hook for hook in runner.hooks if isinstance(hook, HistoryHook)]
        if not histories:
            raise UserError(
                "EarlyStoppingHook: expects the config to keep default_hooks.history, "
                "from which a resumed run takes its scores"
            )
        for line in histories[0].lines:
            score = score_of(line, self.monitor)
            if score is not None:
                super().after_val_epoch(runner, {self.monitor: score})

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float]) -> None:
        """Decide whether to stop.

        Args:
            runner: The runner.
            metrics: Of the validation.

        Raises:
            UserError: The monitored one is not among them.
        """
        if self.strict:
            refuse_absent_score("EarlyStoppingHook.monitor", self.monitor, metrics)
        super().after_val_epoch(runner, metrics)
