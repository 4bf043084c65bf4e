import copy

import pytest
import torch
from torch import nn

from mmext.engine.optimizer_layout import lay_out_like_weights


def steps(model, optimizer, number=2):
    for step in range(number):
        generator = torch.Generator().manual_seed(step)
        image = torch.randn(2, 3, 8, 8, generator=generator)
        optimizer.zero_grad()
        model(image).square().mean().backward()
        optimizer.step()


@pytest.mark.parametrize("fused", [True, False])
def test_moments_saved_before_the_weights_changed_their_layout(fused):
    """A fused step reads memory as it lies: unaligned, weights get others' moments."""
    torch.manual_seed(0)
    old = nn.Conv2d(3, 4, 3)
    optimizer = torch.optim.Adam(old.parameters(), lr=0.1, fused=fused)
    steps(old, optimizer)
    new = copy.deepcopy(old).to(memory_format=torch.channels_last)
    resumed = torch.optim.Adam(new.parameters(), lr=0.1, fused=fused)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    before = {key: value.clone() for key, value in resumed.state[new.weight].items()}
    lay_out_like_weights(resumed)
    state = resumed.state[new.weight]
    assert state["exp_avg"].stride() == new.weight.stride()
    assert all(torch.equal(state[key], value) for key, value in before.items())
    steps(old, optimizer)
    steps(new, resumed)
    torch.testing.assert_close(new.weight, old.weight, rtol=1e-4, atol=1e-5)
