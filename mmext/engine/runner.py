"""mmengine's Runner: strict about weights, quiet, silent on disk until it starts."""

import itertools
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner as _Runner
from mmengine.runner.checkpoint import _load_checkpoint

from mmext.engine.optimizer_layout import lay_out_like_weights
from mmext.engine.terminal_log import quieten_terminal
from mmext.errors import UserError
from mmext.inference.checkpoint import load_weights

_MEETING_PLACE = ".results_of_processes"
_NUMBERS = itertools.count(1)
_NEEDED_TO_RESUME = ("meta", "message_hub", "optimizer")


class _FormattedOnce(Config):
    """A config whose text is laid out when it has changed, not at every checkpoint.

    mmengine has yapf do it each time, which takes longer than to write a small network.
    """

    def __init__(self, config: Config) -> None:
        self.__dict__.update(config.copy().__dict__)

    @property
    def pretty_text(self) -> str:
        """Python text of the config, as mmengine lays it out."""
        plain = self.copy()
        plain.__dict__["_format_python_code"] = False
        text = super(_FormattedOnce, plain).pretty_text
        known, laid_out = self.__dict__.get("_laid_out", (None, ""))
        if text != known:
            laid_out = super().pretty_text
            self.__dict__["_laid_out"] = text, laid_out
        return laid_out


class Runner(_Runner):
    """A Runner whose model gets all of its weights from a checkpoint, or none.

    mmengine loads what fits, logs the rest and goes on with random weights. With
    ``load_from_partially = True`` in the config, ``load_from`` still does.
    """

    @classmethod
    def from_cfg(cls, cfg: Config) -> "Runner":
        """Build a Runner of a config.

        mmengine keeps loggers, figures and message hubs of a process by config name and
        second. Two runs of one config within a second would share them, so they are
        numbered.
        """
        cfg = _FormattedOnce(cfg)
        if cfg.get("experiment_name"):
            return super().from_cfg(cfg)
        cfg.experiment_name = f"{Path(cfg.filename or 'run').stem}_{next(_NUMBERS)}"
        runner = super().from_cfg(cfg)
        runner.cfg.pop("experiment_name")
        return runner

    def load_checkpoint(
        self,
        filename: str,
        map_location: Any = "cpu",
        strict: bool = True,
        revise_keys: Any = ((r"^module\.", ""),),
    ) -> dict[str, Any]:
        """Load a checkpoint's weights; see mmengine.

        Raises:
            UserError: The file is damaged, its weights are another model's, or what
                a training needs to go on is not in it.
        """
        if not self._resume and self.cfg.get("load_from_partially", False):
            return super().load_checkpoint(filename, map_location, False, revise_keys)
        checkpoint = _load_checkpoint(filename, map_location=map_location)
        if self._resume:
            for key in _NEEDED_TO_RESUME:
                if key not in checkpoint:
                    raise UserError(
                        f"{filename}: has no '{key}', expected a checkpoint that a "
                        "training can go on from"
                    )
            # mmengine would execute it.
            checkpoint["meta"].pop("config", None)
        model = self.model
        while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
            model = model.module
        weights = checkpoint.setdefault("state_dict", checkpoint)
        load_weights(model, weights, filename)
        # Hooks may take theirs out of weights that fit: EMAHook exchanges some.
        self.call_hook("after_load_checkpoint", checkpoint=checkpoint)
        load_weights(model, checkpoint["state_dict"], filename)
        self._has_loaded = True
        self.logger.info(f"Load checkpoint from {filename}")
        return checkpoint

    def resume(self, *args: Any, **kwargs: Any) -> None:
        """Take over a checkpoint's epoch, optimizer and schedulers; see mmengine."""
        super().resume(*args, **kwargs)
        wrapper = self.optim_wrapper
        several = isinstance(wrapper, OptimWrapperDict)
        for each in wrapper.values() if several else [wrapper]:
            lay_out_like_weights(each.optimizer)

    def build_evaluator(self, evaluator: Any) -> Evaluator:
        """Have metrics of several processes meet in the work directory.

        mmengine's meet in ``.dist_test`` in the current folder, where killed runs leave
        it. The folder in the work directory is taken over by the next run.
        """
        built = super().build_evaluator(evaluator)
        for metric in built.metrics:
            if metric.collect_device == "cpu" and metric.collect_dir is None:
                metric.collect_dir = str(Path(self.work_dir, _MEETING_PLACE))
        return built

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """Make a logger that shows only single lines of use on the terminal."""
        logger = super().build_logger(*args, **kwargs)
        quieten_terminal(logger)
        return logger

    def dump_config(self) -> None:
        """Write nothing yet: WorkDirHook does when all refusals are behind."""
