"""The second stage's head: the target, and where stage 1 was wrong."""

from mmext.checked import NotNegative
from mmext.registry import MODELS

from .multi_label_head import MultiLabelHead


@MODELS.register_module()
class DualHead(MultiLabelHead):
    """A :class:`MultiLabelHead` with the channels ``target`` and ``error``.

    Channel 0 predicts the ground truth, channel 1 the accumulated FP and FN of
    stage 1 (Ahn et al. 2025, section II.5.3).

    Args:
        head: Config of an mmseg decode head, see :class:`MultiLabelHead`.
        loss: Config of the loss, one for both channels or a dict with one each.
        channel_weights: Factor of each channel's loss, 1 if absent.
    """

    def __init__(
        self,
        head: dict,
        loss: dict,
        channel_weights: dict[str, NotNegative] | None = None,
    ) -> None:
        super().__init__(head, ("target", "error"), loss, channel_weights)
