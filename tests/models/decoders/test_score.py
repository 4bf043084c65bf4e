"""The score says by one half what the decoder says by its thresholds."""

import numpy as np
import pytest
import torch

from mmext.errors import UserError
from mmext.models import UnionDecoder
from mmext.models.decoders.score import decision_score

CHANNELS = ("target", "fn", "fp")
LEVELS = {"target": 0.37, "fn": 0.9, "fp": 0.004}


@pytest.fixture(scope="module")
def probabilities():
    """All sizes, the thresholds themselves, and 0 and 1 among them."""
    values = torch.rand(1, 3, 120, 100, generator=torch.Generator().manual_seed(0))
    values[:, :, :40] = values[:, :, :40] ** 8
    for row, level in enumerate((0.0, 1.0, 0.37, 0.9, 0.004, 0.5)):
        values[0, row % 3, row] = level
    return values


@pytest.mark.parametrize(
    "arguments",
    [
        dict(mode="target", threshold=LEVELS),
        dict(mode="union", threshold=LEVELS),
        dict(mode="union", threshold=0.5),
        dict(mode="union", threshold=0.001),
        dict(mode="gated", threshold=LEVELS),
        dict(mode="touching", threshold=LEVELS, confident=0.99, grow=2),
        dict(mode="hysteresis", threshold=LEVELS, confident=0.99),
        dict(mode="union", threshold={"target": 0.0, "fn": 0.5, "fp": 1.0}),
        dict(mode="gated", threshold={"target": 0.2, "fn": 1.0, "fp": 0.0}),
    ],
)
def test_above_one_half_is_what_is_decided(arguments, probabilities):
    decoder = UnionDecoder(**arguments)
    expected = decoder.by_pixels(probabilities, CHANNELS)["mask"]
    score = decision_score(probabilities, CHANNELS, decoder)
    assert score.dtype == torch.float32
    assert score.min() >= 0 and score.max() <= 1
    # Rounding may move what lies within it of a threshold.
    assert ((score > 0.5) != expected).float().mean() < 1e-4
    far = torch.stack(
        [
            (probabilities[:, i] - decoder.threshold_of(name)).abs() > 1e-6
            for i, name in enumerate(CHANNELS)
        ]
    ).all(dim=0)
    assert torch.equal((score > 0.5)[far], expected[far])


def test_it_is_moved_in_log_odds():
    values = np.linspace(0.01, 0.99, 99)
    decoder = UnionDecoder("target", 0.2)
    image = torch.from_numpy(values)[None, None, None]
    score = decision_score(image, ["target"], decoder)
    odds = np.log(values / (1 - values)) - np.log(0.2 / 0.8)
    np.testing.assert_allclose(score[0, 0], 1 / (1 + np.exp(-odds)), atol=1e-12)


def test_a_channel_that_is_not_there_is_refused(probabilities):
    with pytest.raises(UserError, match="needs the channel error"):
        decision_score(probabilities, CHANNELS, UnionDecoder("error"))
