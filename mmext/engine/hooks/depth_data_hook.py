"""Refusing to train a depth estimator on data that lack what it learns from."""

import logging
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmext.datasets.depth import DepthDataset
from mmext.engine.depth_check import check_depth_set
from mmext.errors import UserError
from mmext.registry import DATASETS, HOOKS

_LEVELS = {"warning": logging.WARNING, "note": logging.INFO}


@HOOKS.register_module()
class DepthDataHook(Hook):
    """Compare training, validation and test data with the model, before it trains.

    The losses say which targets they need; what nobody needs may be absent. Depth
    that can't be in metres is said. Gradients of inverse depth point the other way:
    trained as depth, structural maps would turn the structure inside out.
    """

    def before_train(self, runner: Runner) -> None:
        """Check the data sets.

        Raises:
            UserError: The training or validation set lacks something. Of the test
                set that is only said: it may come later.
        """
        model = getattr(runner.model, "module", runner.model)
        sets: dict[str, Any] = {"train_dataloader": runner.train_dataloader.dataset}
        if runner.val_loop is not None:
            sets["val_dataloader"] = runner.val_loop.dataloader.dataset
        test = runner.cfg.get("test_dataloader")
        if test is not None and test != runner.cfg.get("val_dataloader"):
            try:
                sets["test_dataloader"] = DATASETS.build(test.dataset)
            except UserError as error:
                runner.logger.warning(f"test_dataloader.dataset: {error}")
        for name, dataset in sets.items():
            if isinstance(dataset, DepthDataset):
                learns = name == "train_dataloader"
                for level, line in check_depth_set(name, dataset, model, learns):
                    if level == "error" and name != "test_dataloader":
                        raise UserError(line)
                    runner.logger.log(_LEVELS.get(level, logging.WARNING), line)
