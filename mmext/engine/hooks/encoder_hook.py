"""The end of a pre-training: the encoder, for trainings that begin with it."""

from pathlib import Path

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmext.engine.work_dir import ENCODER
from mmext.fileio import atomic_path
from mmext.inference.config_data import plain_config
from mmext.models.unwrapped import unwrapped
from mmext.registry import HOOKS

PREFIX = "backbone."


@HOOKS.register_module()
class EncoderHook(Hook):
    """Write ``encoder.pth``, the backbone's weights, when a training ends.

    Their names begin with ``backbone.``, as in a segmentor's checkpoint. ``meta`` says
    what they are of: ``epoch``, the whole config as ``cfg``, and ``dataset_meta``.
    """

    # Before RunRecordHook (LOWEST) says that the run has ended.
    priority = "NORMAL"

    def after_train(self, runner: Runner) -> None:
        """Write it."""
        if not is_main_process():
            return
        model = unwrapped(runner.model)
        weights = {
            f"{PREFIX}{name}": weight.cpu()
            for name, weight in model.backbone.state_dict().items()
        }
        meta = {
            "epoch": runner.epoch,
            "cfg": plain_config(runner.cfg),
            "dataset_meta": runner.train_dataloader.dataset.metainfo,
        }
        path = Path(runner.work_dir, ENCODER)
        with atomic_path(path) as temporary:
            torch.save({"meta": meta, "state_dict": weights}, temporary)
        runner.logger.info(
            f"{path}: the encoder after epoch {runner.epoch}; a training begins with "
            f"model.backbone.init_cfg=dict(type='Pretrained', checkpoint='{path}', "
            f"prefix='{PREFIX}')"
        )
