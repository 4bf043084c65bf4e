"""Independent sigmoid channels on top of any mmseg decode head."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from mmseg.models.utils import resize
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from mmext.errors import UserError
from mmext.registry import MODELS

from .channel_targets import CHANNEL_TARGETS, channel_target

_UNUSED_LOSS = dict(type="CrossEntropyLoss", avg_non_ignore=True)


@MODELS.register_module()
class MultiLabelHead(BaseModule):
    """Wrap a decode head so that each of its channels is a binary problem.

    mmseg's own heads treat several channels as classes that exclude each other.
    Here a pixel may be positive in every channel: multi-label, not multi-class
    (Ahn et al. 2025, section II.5.3). Only the wrapped head's ``forward`` is used;
    its loss and thresholds are not.

    Args:
        head: Config of an mmseg decode head, without ``num_classes`` and
            ``out_channels``.
        channels: Names of the channels, from
            :data:`~.channel_targets.CHANNEL_TARGETS`.
        loss: Config of a loss called with (N, H, W) logits and targets; one for
            all channels, or a dict with one for each.
        channel_weights: Factor of each channel's loss, 1 if absent.
    """

    def __init__(
        self,
        head: dict,
        channels: Sequence[str],
        loss: dict,
        channel_weights: dict[str, float] | None = None,
    ) -> None:
        super().__init__()
        _check_channels("decode_head.channels", channels, CHANNEL_TARGETS)
        _check_channels("decode_head.channel_weights", channel_weights or {}, channels)
        self.channels = tuple(channels)
        number = len(self.channels)
        # Threshold and loss are never used: mmseg warns where they are not set.
        unused = dict(threshold=0.5, loss_decode=_UNUSED_LOSS)
        self.head = MODELS.build(
            {**head, "num_classes": number, "out_channels": number, **unused}
        )
        self.losses = nn.ModuleDict(
            {
                name: MODELS.build(loss if "type" in loss else loss[name])
                for name in self.channels
            }
        )
        self.channel_weights = {
            name: (channel_weights or {}).get(name, 1.0) for name in self.channels
        }
        # What mmseg's EncoderDecoder reads of a decode head.
        self.num_classes = self.out_channels = number
        self.align_corners = self.head.align_corners
        self.ignore_index = 255

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Logits (N, K, h, w) of the wrapped head."""
        return self.head(features)

    def loss(
        self,
        inputs: Sequence[Tensor],
        batch_data_samples: list[SegDataSample],
        train_cfg: dict | None = None,
    ) -> dict[str, Tensor]:
        """One loss per channel, named ``loss_<channel>``.

        Args:
            inputs: The backbone's feature maps.
            batch_data_samples: Samples with ``gt_sem_seg`` and, if a channel needs
                it, ``gt_error``.
            train_cfg: Not used; mmseg passes it.
        """
        logits = self.forward(inputs)
        losses = {}
        for index, name in enumerate(self.channels):
            target = torch.stack(
                [channel_target(name, sample) for sample in batch_data_samples]
            )
            channel = self._resize(logits[:, index : index + 1], target.shape[1:])
            value = self.losses[name](channel[:, 0], target)
            losses[f"loss_{name}"] = self.channel_weights[name] * value
        return losses

    def predict(
        self,
        inputs: Sequence[Tensor],
        batch_img_metas: list[dict],
        test_cfg: dict | None = None,
    ) -> Tensor:
        """Logits (N, K, H, W) at the size of the padded images.

        Args:
            inputs: The backbone's feature maps.
            batch_img_metas: Metainfo; of the first ``pad_shape`` or ``img_shape``
                is read.
            test_cfg: Not used; mmseg passes it.
        """
        meta = batch_img_metas[0]
        size = meta["img_shape"]
        if not isinstance(size, torch.Size):  # a window of slide inference
            size = meta.get("pad_shape", size)[:2]
        return self._resize(self.forward(inputs), size)

    def _resize(self, logits: Tensor, size: Sequence[int]) -> Tensor:
        if tuple(logits.shape[2:]) == tuple(size):
            return logits
        return resize(
            logits, size=tuple(size), mode="bilinear", align_corners=self.align_corners
        )


def _check_channels(key: str, found: Sequence[str] | dict, allowed: object) -> None:
    for name in found:
        if name not in allowed:  # type: ignore[operator]
            raise UserError(
                f"{key}: has {name!r}, expected some of {', '.join(allowed)}"  # type: ignore[arg-type]
            )
