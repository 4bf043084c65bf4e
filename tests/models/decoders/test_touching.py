import numpy as np
import pytest
import torch

from mmext.errors import UserError
from mmext.models import UnionDecoder
from mmext.models.decoders.touching import touching


def test_only_components_with_a_core_stay():
    mask = torch.tensor([[[1, 1, 0, 0, 1], [0, 0, 0, 0, 1], [1, 0, 1, 1, 0]]]).bool()
    core = torch.tensor([[[0, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 1, 0, 1, 0]]]).bool()
    # The right component meets the lower one at a corner only.
    expected = [[1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 1, 1, 0]]
    assert touching(mask, core)[0].int().tolist() == expected


def test_images_of_a_batch_do_not_touch():
    mask = torch.ones(2, 3, 3).bool()
    core = torch.zeros(2, 3, 3).bool()
    core[0, 1, 1] = True
    assert touching(mask, core).flatten(1).all(1).tolist() == [True, False]


def test_equals_a_flood_from_the_core():
    generator = torch.Generator().manual_seed(1)
    mask = torch.rand(3, 20, 17, generator=generator) > 0.45
    core = torch.rand(3, 20, 17, generator=generator) > 0.97
    reached = (mask & core).numpy()
    for _ in range(400):
        grown = reached.copy()
        grown[:, 1:] |= reached[:, :-1]
        grown[:, :-1] |= reached[:, 1:]
        grown[:, :, 1:] |= reached[:, :, :-1]
        grown[:, :, :-1] |= reached[:, :, 1:]
        reached = grown & mask.numpy()
    np.testing.assert_array_equal(touching(mask, core).numpy(), reached)


@pytest.mark.parametrize("mask", [torch.zeros(1, 4, 4), torch.ones(1, 4, 4)])
def test_empty_and_full(mask):
    mask = mask.bool()
    assert torch.equal(touching(mask, mask), mask)
    assert not touching(mask, torch.zeros_like(mask)).any()


CHANNELS = ("target", "error")
# A found field grown by the error channel; an error alone; a confident error alone.
ROW = torch.tensor([[0.9, 0.2, 0.1, 0.1, 0.1, 0.1], [0.1, 0.8, 0.1, 0.7, 0.1, 0.95]])


@pytest.mark.parametrize(
    "confident, expected", [(1.0, [1, 1, 0, 0, 0, 0]), (0.9, [1, 1, 0, 0, 0, 1])]
)
def test_the_mode_touching(confident, expected):
    decoder = UnionDecoder("touching", confident=confident)
    decision = decoder(ROW[None, :, None], CHANNELS)
    assert decision["mask"][0, 0].int().tolist() == expected
    assert decision["channels"]["error"].sum() == 3
    assert not decoder.pixelwise


def test_the_mode_gated():
    probabilities = torch.tensor([[[[0.9, 0.9, 0.1, 0.1]], [[0.1, 0.1, 0.9, 0.9]],
                                   [[0.1, 0.9, 0.1, 0.9]]]])  # fmt: skip
    decoder = UnionDecoder("gated")
    mask = decoder(probabilities, ("target", "fn", "fp"))["mask"]
    assert mask[0, 0].int().tolist() == [1, 0, 1, 0]
    with pytest.raises(UserError, match="needs the channel fp"):
        decoder.check(CHANNELS)
