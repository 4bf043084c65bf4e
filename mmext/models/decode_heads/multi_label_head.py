"""Independent sigmoid channels on top of any mmseg decode head."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from mmengine.model import BaseModule
from mmseg.models.utils import resize
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from mmext.checked import NotNegative
from mmext.errors import UserError
from mmext.models.losses import MaskedBCEWithLogitsLoss
from mmext.pixel_values import IGNORE
from mmext.registry import MODELS
from mmext.structures import TileSamples

from .cascade_head import CascadeHead
from .channel_targets import CHANNEL_TARGETS, Maps, channel_target, target_maps

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


@MODELS.register_module()
class MultiLabelHead(BaseModule):
    """Wrap a decode head so that each of its channels is a binary problem.

    mmseg's own heads treat several channels as classes that exclude each other.
    Here a pixel may be positive in every channel: multi-label, not multi-class
    (Ahn et al. 2025, section II.5.3). Only the wrapped head's ``forward`` is used;
    its loss and thresholds are not.

    Args:
        head: Config of an mmseg decode head whose ``forward`` gives one map of
            logits, without ``num_classes``, ``out_channels`` and what belongs to
            its loss.
        channels: Names of the channels, from
            :data:`~.channel_targets.CHANNEL_TARGETS`.
        loss: Config of a loss called with (N, H, W) logits and targets; one for
            all channels, or a dict with one for each.
        channel_weights: Factor of each channel's loss, 1 if absent.
        error_weight: Weight, in the loss of the channel ``target``, of pixels that
            stage 1 ever got wrong, where others have 1. The loss must be
            ``MaskedBCEWithLogitsLoss`` then, and the samples have errors.

    Raises:
        UserError: A channel is unknown or named twice, there is none, a loss or
            weight is not for one of them, or ``head`` sets what the wrapper does.
    """

    def __init__(
        self,
        head: dict,
        channels: Sequence[str],
        loss: dict,
        channel_weights: dict[str, NotNegative] | None = None,
        error_weight: NotNegative = 1.0,
    ) -> None:
        super().__init__()
        _check_channels("decode_head.channels", channels, CHANNEL_TARGETS)
        if not channels or len(set(channels)) < len(channels):
            raise UserError(
                f"decode_head.channels: is {tuple(channels)}, expected one or more, "
                "each once"
            )
        _check_channels("decode_head.channel_weights", channel_weights or {}, channels)
        self.channels = tuple(channels)
        number = len(self.channels)
        self.head = build_wrapped_head(
            head, number, "decode_head.channels and decode_head.loss"
        )
        by_channel = _by_channel(loss, self.channels)
        self.losses = nn.ModuleDict(
            {name: MODELS.build(by_channel[name]) for name in self.channels}
        )
        self.channel_weights = {
            name: (channel_weights or {}).get(name, 1.0) for name in self.channels
        }
        self.error_weight = error_weight
        if error_weight != 1 and not (
            "target" in self.channels
            and isinstance(self.losses["target"], MaskedBCEWithLogitsLoss)
        ):
            raise UserError(
                f"decode_head.error_weight: is {error_weight}, which needs a channel "
                "target with the loss MaskedBCEWithLogitsLoss"
            )
        # What mmseg's EncoderDecoder reads of a decode head.
        self.num_classes = self.out_channels = number
        self.align_corners = self.head.align_corners
        self.ignore_index = IGNORE

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Logits (N, K, h, w) of the wrapped head.

        Raises:
            UserError: The wrapped head gives something else, as mmseg's ``EncHead``
                does with its own second loss.
        """
        logits = self.head(features)
        if not isinstance(logits, Tensor):
            raise UserError(
                f"decode_head.head: {type(self.head).__name__} gives "
                f"a {type(logits).__name__}, expected one map of logits"
            )
        return logits

    def loss(
        self,
        inputs: Sequence[Tensor],
        batch_data_samples: TileSamples | Sequence[SegDataSample],
        train_cfg: dict | None = None,
    ) -> dict[str, Tensor]:
        """One loss per channel, named ``loss_<channel>``.

        Those of a cascade's earlier heads are ``loss_coarse_<channel>``.

        Args:
            inputs: The backbone's feature maps.
            batch_data_samples: Samples with ``gt_sem_seg`` and, if a channel needs
                it, ``gt_error``.
            train_cfg: Not used; mmseg passes it.
        """
        maps = target_maps(batch_data_samples)
        if not isinstance(self.head, CascadeHead):
            return self._losses("loss_", self.forward(inputs), maps)
        *coarse, logits = self.head.all_outputs(inputs)
        losses = self._losses("loss_", logits, maps)
        for outputs in coarse:
            for name, value in self._losses("loss_coarse_", outputs, maps).items():
                weighted = self.head.coarse_weight * value
                losses[name] = losses[name] + weighted if name in losses else weighted
        return losses

    def _losses(self, prefix: str, logits: Tensor, maps: Maps) -> dict[str, Tensor]:
        losses = {}
        for index, name in enumerate(self.channels):
            target = channel_target(name, maps)
            channel = self._resize(logits[:, index : index + 1], target.shape[1:])
            if name == "target" and self.error_weight != 1:
                weight = self._pixel_weights(maps)
                value = self.losses[name](channel[:, 0], target, weight)
            else:
                value = self.losses[name](channel[:, 0], target)
            losses[f"{prefix}{name}"] = self.channel_weights[name] * value
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

    def _pixel_weights(self, maps: Maps) -> Tensor:
        return torch.where(channel_target("error", maps) == 1, self.error_weight, 1.0)

    def _resize(self, logits: Tensor, size: Sequence[int]) -> Tensor:
        if tuple(logits.shape[2:]) == tuple(size):
            return logits
        return resize(
            logits, size=tuple(size), mode="bilinear", align_corners=self.align_corners
        )


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


def _check_channels(key: str, found: Iterable[str], allowed: Iterable[str]) -> None:
    expected = list(allowed)
    for name in found:
        if name not in expected:
            raise UserError(
                f"{key}: has {name!r}, expected some of {', '.join(expected)}"
            )


def _by_channel(loss: dict, channels: Sequence[str]) -> dict[str, dict]:
    if "type" in loss:
        return dict.fromkeys(channels, loss)
    if set(loss) != set(channels):
        raise UserError(
            f"decode_head.loss: is for {', '.join(loss) or 'nothing'}, expected one "
            f"for each of {', '.join(channels)}"
        )
    return loss
