"""What each output channel is trained to predict."""

from collections.abc import Callable

import torch
from mmseg.structures import SegDataSample
from torch import Tensor

from mmext.errors import UserError
from mmext.pixel_values import IGNORE, WAS_FN, WAS_FP


def channel_target(channel: str, sample: SegDataSample) -> Tensor:
    """The target map of a channel.

    Args:
        channel: One of :data:`CHANNEL_TARGETS`.
        sample: A packed sample.

    Returns:
        (H, W): int64 in {0, 1, 255}, or of ``error_frequency`` float32 in [0, 1] or
        255.

    Raises:
        UserError: The channel is made of accumulated errors and the sample has
            none.
    """
    return CHANNEL_TARGETS[channel](sample)


def _target(sample: SegDataSample) -> Tensor:
    return sample.gt_sem_seg.data[0]


def _errors(*codes: int) -> Callable[[SegDataSample], Tensor]:
    def read(sample: SegDataSample) -> Tensor:
        if "gt_error" not in sample:
            raise UserError(
                "train_dataloader.dataset.error_mask: is not set or LoadErrorMask is "
                "not in the pipeline, but the model has a channel for accumulated "
                "errors"
            )
        error = sample.gt_error.data[0]
        wrong = torch.zeros_like(error)
        for code in codes:
            wrong[error == code] = 1
        # Where the label is unknown, so is whether a prediction was wrong.
        ignored = (error == IGNORE) | (_target(sample) == IGNORE)
        return wrong.masked_fill(ignored, IGNORE)

    return read


def _frequency(sample: SegDataSample) -> Tensor:
    if "gt_error_frequency" not in sample:
        raise UserError(
            "train_dataloader.dataset.pipeline: has no LoadErrorFrequency, which the "
            "model's channel error_frequency needs"
        )
    return sample.gt_error_frequency.data[0]


#: Channel name → how its target is read from a sample. FN and FP are kept apart in
#: the data; that ``error`` means both is said here and nowhere else.
CHANNEL_TARGETS: dict[str, Callable[[SegDataSample], Tensor]] = {
    "target": _target,
    "error": _errors(WAS_FN, WAS_FP),
    "fn": _errors(WAS_FN),
    "fp": _errors(WAS_FP),
    "error_frequency": _frequency,
}
