"""When accumulation begins by the training IoU, against a naive rule."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest

from mmext.engine.hooks.error_accumulation_hook import ErrorAccumulationHook


class Scored(ErrorAccumulationHook):
    """Gets its training IoU told, in thousandths."""

    def tell(self, iou):
        found, missed = (0, 0) if np.isnan(iou) else (iou * 1000, (1 - iou) * 1000)
        self._told = np.rint([found, 0, missed, 0]).astype(int)

    def _run_pass(self, runner):
        return SimpleNamespace(sums={"target": self._told})


def begun_after(ious, rule):
    hook = Scored(begin=rule)
    runner = SimpleNamespace(
        max_epochs=len(ious),
        logger=logging.getLogger("test"),
        train_dataloader=range(10),
        message_hub=SimpleNamespace(update_info=lambda *args, **kwargs: None),
    )
    for epoch, iou in enumerate(ious):
        runner.epoch = epoch
        hook.tell(iou)
        hook.after_train_epoch(runner)
        if hook.begun_after is not None:
            return hook.begun_after
    return None


@pytest.mark.parametrize("epochs", [1, 2, 5])
def test_the_first_epoch_whose_mean_is_enough(epochs):
    generator = np.random.default_rng(epochs)
    found = set()
    for _ in range(50):
        ious = (generator.integers(0, 1001, 12) / 1000).tolist()
        expected = next(
            (
                end
                for end in range(epochs, 13)
                if sum(ious[end - epochs : end]) / epochs >= 0.6
            ),
            None,
        )
        assert begun_after(ious, dict(train_iou=0.6, epochs=epochs)) == expected
        found.add(expected)
    assert len(found) > 3


def test_one_lucky_epoch_is_not_enough():
    ious = [0.1, 0.999, 0.2, 0.3]
    assert begun_after(ious, dict(train_iou=0.9)) == 2
    assert begun_after(ious, dict(train_iou=0.9, epochs=2)) is None


def test_a_score_that_is_none_is_not_enough():
    # A training set without any target.
    assert begun_after([float("nan")] * 4, dict(train_iou=0.0, epochs=2)) is None
