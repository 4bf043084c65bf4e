"""Checkpoints that are never torn and hold nothing but data."""

import os
from io import BytesIO
from pathlib import Path
from typing import Annotated, Literal

from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from pydantic import Field

from mmext.checked import Count
from mmext.fileio import atomic_path
from mmext.inference.config_data import plain_config
from mmext.registry import HOOKS

from .history_hook import refuse_absent_score

_PLAIN = (str, int, float, bool, type(None), list)


class AtomicLocalBackend(LocalBackend):
    """Local disk, written under a temporary name and moved into place.

    ``backend_args=dict(backend='atomic')`` on a hook that saves files makes a
    run that is killed while it saves leave its last good file behind.
    """

    def put(self, obj: bytes | BytesIO, filepath: str | os.PathLike[str]) -> None:
        """Write bytes to ``filepath`` in one step."""
        with atomic_path(filepath) as temporary:
            super().put(obj, temporary)

    def put_text(
        self, obj: str, filepath: str | os.PathLike[str], encoding: str = "utf-8"
    ) -> None:
        """Write text to ``filepath`` in one step."""
        with atomic_path(filepath) as temporary:
            super().put_text(obj, temporary, encoding)


register_backend("atomic", AtomicLocalBackend, force=True)


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """mmengine's ``CheckpointHook``, written atomically and loadable safely.

    mmengine puts its smoothing buffers, pickled objects, into a checkpoint,
    which ``torch.load(weights_only=True)`` refuses. They only smooth the console
    log, so they are left out; plain values, such as the best score so far, stay. Its
    config, Python text, becomes plain values, which nobody executes to read them.

    Args:
        interval: Epochs between two checkpoints.
        max_keep_ckpts: Newest checkpoints to keep; -1 keeps all.
        save_best: A metric's name, such as ``'val/union.iou'``, whose best
            checkpoint is kept as well. Never name a metric of the test set.
        rule: ``'greater'`` or ``'less'``, for ``save_best``.
    """

    def __init__(
        self,
        interval: Count = 1,
        max_keep_ckpts: Annotated[int, Field(ge=-1)] = 2,
        save_best: str | list[str] | None = None,
        rule: Literal["greater", "less"] | None = None,
    ) -> None:
        super().__init__(
            interval=interval,
            by_epoch=True,
            max_keep_ckpts=max_keep_ckpts,
            save_best=save_best,
            rule=rule,
            save_last=True,
            backend_args=dict(backend="atomic"),
        )

    def before_train(self, runner: Runner) -> None:
        """Refuse what no checkpoint can carry; find this run's best checkpoint.

        A checkpoint names the best one so far, to be removed for a better one. It may
        be a parent's, the work directory may have been moved, and a stranger's may
        name any file: only one of this run's own counts, and with it its score.
        """
        self._config = plain_config(runner.cfg)
        info = runner.message_hub.runtime_info
        for key in [key for key in info if key.startswith("best_ckpt")]:
            own = Path(runner.work_dir, Path(str(info[key])).name)
            if own.is_file() and own.name.startswith("best_"):
                info[key] = str(own)
            else:
                del info[key]
                info.pop(key.replace("best_ckpt", "best_score"), None)
        if "keep_ckpt_ids" in info:
            kept = info["keep_ckpt_ids"]
            info["keep_ckpt_ids"] = [step for step in kept if isinstance(step, int)]
        super().before_train(runner)

    def save_epoch(self, runner: Runner) -> None:
        """Save the epoch that ends, if that hasn't been done."""
        name = self.filename_tmpl.format(runner.epoch + 1)
        if self.last_ckpt is None or Path(self.last_ckpt).name != name:
            self._save_checkpoint(runner)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float]) -> None:
        """Save the best checkpoint, by a score that there is.

        Raises:
            UserError: ``save_best`` names a score that the epoch has not.
        """
        for name in self.save_best or []:
            if name != "auto":
                refuse_absent_score("default_hooks.checkpoint.save_best", name, metrics)
        super().after_val_epoch(runner, metrics)

    def after_train(self, runner: Runner) -> None:
        """Keep the last epoch's weights where a hook stopped the training early."""
        last = Path(runner.work_dir, self.filename_tmpl.format(runner.epoch))
        if 0 < runner.epoch < runner.max_epochs and self.last_ckpt != str(last):
            meta = dict(epoch=runner.epoch, iter=runner.iter)
            self._save_checkpoint_with_step(runner, runner.epoch, meta)
        super().after_train(runner)

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        """Delete the oldest checkpoint when the new one is whole; mmengine does before.

        So that there is always one, also with ``max_keep_ckpts=1`` and a full disk.
        """
        oldest = None
        if self.max_keep_ckpts > 0:
            kept = self.keep_ckpt_ids
            if len(kept) == self.max_keep_ckpts and kept[-1] != step:
                oldest = kept.popleft()
        super()._save_checkpoint_with_step(runner, step, meta)
        if oldest is not None and is_main_process():
            Path(self.out_dir, self.filename_tmpl.format(oldest)).unlink(True)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Keep only plain values of the config and the message hub."""
        checkpoint["meta"]["cfg"] = self._config
        hub = checkpoint["message_hub"]
        hub["log_scalars"] = {}
        hub["runtime_info"] = {
            key: value
            for key, value in hub["runtime_info"].items()
            # Not isinstance: a NumPy scalar is a float, too, but no plain one.
            if type(value) in _PLAIN
        }
        hub["resumed_keys"] = dict(hub["resumed_keys"])
