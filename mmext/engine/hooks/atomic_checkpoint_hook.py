"""Checkpoints that are never torn and hold nothing but data."""

from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from mmext import fileio  # noqa: F401  registers the 'atomic' backend
from mmext.registry import HOOKS

_PLAIN = (str, int, float, bool, type(None), list)


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """mmengine's ``CheckpointHook``, written atomically and loadable safely.

    mmengine puts its smoothing buffers, pickled objects, into a checkpoint,
    which ``torch.load(weights_only=True)`` refuses. They only smooth the console
    log, so they are left out; plain values, such as the best score so far, stay.

    Args:
        interval: Epochs between two checkpoints.
        max_keep_ckpts: Newest checkpoints to keep; -1 keeps all.
        save_best: A metric's name, such as ``'val/union.iou'``, whose best
            checkpoint is kept as well. Never name a metric of the test set.
        rule: ``'greater'`` or ``'less'``, for ``save_best``.
    """

    def __init__(
        self,
        interval: int = 1,
        max_keep_ckpts: int = 2,
        save_best: str | list[str] | None = None,
        rule: str | None = None,
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

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Keep only plain values of the message hub."""
        hub = checkpoint["message_hub"]
        hub["log_scalars"] = {}
        hub["runtime_info"] = {
            key: value
            for key, value in hub["runtime_info"].items()
            # Not isinstance: a NumPy scalar is a float, too, but no plain one.
            if type(value) in _PLAIN
        }
        hub["resumed_keys"] = dict(hub["resumed_keys"])
