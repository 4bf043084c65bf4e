"""Beginning a run's work directory when nothing can be refused any more."""

from pathlib import Path

from mmengine import dist
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmext.engine.trial import try_model
from mmext.engine.work_dir import RESULTS, resolved_config_path
from mmext.fileio import atomic_path
from mmext.registry import HOOKS


@HOOKS.register_module()
class WorkDirHook(Hook):
    """Write the resolved config, and remove the earlier run that is overwritten.

    ``train`` adds it to every training. It comes after all hooks that may refuse the
    data or the checkpoint, so a refused run leaves the work directory as it was.

    Args:
        overwrite: Whether an earlier run's checkpoints and banks are removed.

    Attributes:
        has_begun: Whether the training has.
    """

    # Before RunRecordHook (LOWEST), which says that the run has begun.
    priority = "VERY_LOW"

    def __init__(self, overwrite: bool = False) -> None:
        self.overwrite = overwrite
        self.has_begun = False

    def before_train(self, runner: Runner) -> None:
        """Begin, if the model takes the data."""
        try_model(runner)
        self.has_begun = True
        if not dist.is_main_process():
            return
        work_dir = Path(runner.work_dir)
        if self.overwrite:
            for pattern in RESULTS:
                for stale in work_dir.glob(pattern):
                    stale.unlink()
        name = Path(runner.cfg.filename or "config").stem
        with atomic_path(resolved_config_path(work_dir, name)) as temporary:
            runner.cfg.dump(str(temporary))
