"""Decode heads one after the other, as mmseg's cascades have them."""

from collections.abc import Sequence
from typing import Any

from mmengine.model import BaseModule, ModuleList
from torch import Tensor

from mmext.checked import NotNegative
from mmext.errors import UserError
from mmext.registry import MODELS


@MODELS.register_module()
class CascadeHead(BaseModule):
    """A first decode head, and others that look again with the logits before them.

    What mmseg's ``CascadeEncoderDecoder`` does with a list of heads, such as
    ``FCNHead`` and ``OCRHead``, as one head that :class:`~.MultiLabelHead` wraps.

    Args:
        heads: Configs of decode heads of mmseg, the later ones cascade heads; each
            without what the wrapper sets.
        coarse_weight: Factor of the loss of all but the last; mmseg's configs have 0.4.
        settings: What the wrapper sets, the same for each.
    """

    def __init__(
        self,
        heads: Sequence[dict],
        coarse_weight: NotNegative = 0.4,
        **settings: Any,
    ) -> None:
        super().__init__()
        if len(heads) < 2:
            raise UserError(
                f"decode_head.head.heads: has {len(heads)}, expected two or more"
            )
        self.heads = ModuleList(MODELS.build({**head, **settings}) for head in heads)
        self.coarse_weight = coarse_weight
        self.align_corners = self.heads[-1].align_corners

    def all_outputs(self, features: Sequence[Tensor]) -> list[Tensor]:
        """The logits (N, K, h, w) of each head, the last one's last."""
        outputs = [self.heads[0](features)]
        for head in list(self.heads)[1:]:
            outputs.append(head(features, outputs[-1]))
        return outputs

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """The last head's logits (N, K, h, w)."""
        return self.all_outputs(features)[-1]
