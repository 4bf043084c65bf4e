"""From the channels' probabilities to one mask."""

from collections.abc import Sequence
from typing import TypedDict

from torch import Tensor

from mmext.errors import UserError
from mmext.registry import MODELS

MODES = ("target", "error", "union")


class Decision(TypedDict):
    """What a decoder says of a batch.

    Attributes:
        mask: (N, H, W) bool, the decided mask.
        channels: (N, H, W) bool by channel name: which channel said so.
    """

    mask: Tensor
    channels: dict[str, Tensor]


@MODELS.register_module()
class UnionDecoder:
    """Threshold every channel and decide by one of them or by their union.

    The prediction of Ahn et al. 2025 (section III.2) is the union of the target
    and the error channel, each above 0.5. With a single channel, ``union`` is
    that channel.

    Args:
        mode: ``'union'`` of all channels, or ``'target'`` or ``'error'`` alone.
        threshold: A pixel belongs to a channel if its probability is above this;
            a number for all channels or a dict with one for each.
    """

    def __init__(
        self, mode: str = "union", threshold: float | dict[str, float] = 0.5
    ) -> None:
        if mode not in MODES:
            raise UserError(
                f"decoder.mode: is {mode!r}, expected one of {', '.join(MODES)}"
            )
        values = threshold.values() if isinstance(threshold, dict) else [threshold]
        for value in values:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (number and 0 <= value <= 1):
                raise UserError(f"decoder.threshold: is {value!r}, expected 0 to 1")
        self.mode = mode
        self.threshold = threshold

    def check(self, channels: Sequence[str]) -> None:
        """Refuse channels that this decoder cannot decide on.

        Raises:
            UserError: ``mode`` or ``threshold`` names a channel that is not there,
                or a channel has no threshold.
        """
        if self.mode != "union" and self.mode not in channels:
            raise UserError(
                f"decoder.mode: is {self.mode!r}, expected 'union' or one of "
                f"{', '.join(channels)}"
            )
        if isinstance(self.threshold, dict) and set(self.threshold) != set(channels):
            raise UserError(
                f"decoder.threshold: is for {', '.join(self.threshold)}, expected "
                f"one for each of {', '.join(channels)}"
            )

    def threshold_of(self, channel: str) -> float:
        """The threshold of a channel, in [0, 1]."""
        if isinstance(self.threshold, dict):
            return self.threshold[channel]
        return self.threshold

    def __call__(self, probabilities: Tensor, channels: Sequence[str]) -> Decision:
        """Decide.

        Args:
            probabilities: (N, K, H, W) in [0, 1].
            channels: The K channels' names.

        Raises:
            UserError: As :meth:`check`.
        """
        self.check(channels)
        masks = {
            name: probability > self.threshold_of(name)
            for name, probability in zip(channels, probabilities.unbind(1), strict=True)
        }
        if self.mode == "union":
            mask = next(iter(masks.values())).clone()
            for other in masks.values():
                mask |= other
        else:
            mask = masks[self.mode]
        return Decision(mask=mask, channels=masks)
