"""Gradients of an epoch stay in it."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.optim import OptimWrapper
from torch import nn

from mmext.engine.hooks import EpochGradientsHook


@pytest.mark.parametrize(
    "batches, counts, steps",
    [(3, 2, [2, 1]), (4, 2, [2, 2]), (5, 3, [3, 2]), (2, 4, [2])],
)
def test_every_epoch_ends_with_a_step_of_what_is_left(batches, counts, steps):
    layer = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(layer.weight)
    wrapper = OptimWrapper(
        torch.optim.SGD(layer.parameters(), lr=1.0), accumulative_counts=counts
    )
    wrapper.initialize_count_status(layer, 0, 100 * batches)
    runner = SimpleNamespace(optim_wrapper=wrapper, train_dataloader=range(batches))
    values = torch.arange(1.0, batches + 1)
    for epoch in range(3):
        before = layer.weight.item()
        EpochGradientsHook().before_train_epoch(runner)
        for value in values:
            wrapper.update_params(layer.weight.sum() * value)
        # Each step goes down by the mean of its batches' gradients.
        expected, left = 0.0, values.tolist()
        for number in steps:
            group, left = left[:number], left[number:]
            expected += sum(group) / number
        assert before - layer.weight.item() == pytest.approx(expected), epoch
        assert layer.weight.grad is None or not layer.weight.grad.any()
