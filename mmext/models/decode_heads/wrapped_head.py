"""A decode head of mmseg, taken for its decoder alone."""

from typing import Any

from torch import nn

from mmext.errors import UserError
from mmext.registry import MODELS

# The wrapped head's own settings for what the wrapper does in its place.
_WRAPPERS_SETTINGS = (
    "num_classes",
    "out_channels",
    "threshold",
    "loss_decode",
    "sampler",
    "ignore_index",
)
# Threshold and loss are never used: mmseg warns where they are not set.
_UNUSED = dict(
    threshold=0.5, loss_decode=dict(type="CrossEntropyLoss", avg_non_ignore=True)
)


def build_wrapped_head(head: dict[str, Any], outputs: int, source: str) -> nn.Module:
    """Build a decode head whose loss and thresholds nobody uses.

    Args:
        head: Its config, without the number of outputs and what belongs to its loss.
        outputs: Number of output channels.
        source: What those settings follow from instead, for the message.

    Raises:
        UserError: ``head`` sets one of them.
    """
    for key in _WRAPPERS_SETTINGS:
        if key in head:
            raise UserError(
                f"decode_head.head.{key}: is set, but it follows from {source}; leave "
                "it out"
            )
    return MODELS.build(
        {**head, "num_classes": outputs, "out_channels": outputs, **_UNUSED}
    )
