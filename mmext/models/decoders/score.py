"""What a decoder decides pixel by pixel, as one number a pixel."""

from collections.abc import Sequence

from torch import Tensor

from .union_decoder import UnionDecoder


def decision_score(
    probabilities: Tensor, channels: Sequence[str], decoder: UnionDecoder
) -> Tensor:
    """A score that is above one half where a decoder's :attr:`by_pixels` decides.

    Every channel's probability is moved in log-odds by its threshold's, so that the
    threshold lies at one half; the decoder's rule makes one of them.

    Args:
        probabilities: (N, K, H, W) in [0, 1].
        channels: The K channels' names.
        decoder: Its components and growth are left out.

    Returns:
        (N, H, W) in [0, 1].

    Raises:
        UserError: The decoder names a channel that isn't there.
    """
    decoder.check(channels)
    scores = {
        name: _moved(probability, decoder.threshold_of(name))
        for name, probability in zip(channels, probabilities.unbind(1), strict=True)
    }
    return decoder.rule.combine(scores, lambda score: 1 - score)


def _moved(probability: Tensor, threshold: float) -> Tensor:
    """Sigmoid(logit(p) − logit(t)) without logarithms, which p = 0 and 1 don't have."""
    if threshold in (0, 1):
        return (probability > threshold).to(probability.dtype)
    positive = probability * (1 - threshold)
    return positive / (positive + (1 - probability) * threshold)
