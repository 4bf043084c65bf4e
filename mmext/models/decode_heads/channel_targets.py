"""What each output channel is trained to predict."""

from collections.abc import Callable, Mapping, Sequence

import torch
from mmseg.structures import SegDataSample
from torch import Tensor

from mmext.errors import UserError
from mmext.pixel_values import IGNORE, WAS_FN, WAS_FP
from mmext.structures import TileSamples
from mmext.structures.tile_samples import MAPS

#: Maps of a batch by name, each (N, H, W).
Maps = Mapping[str, Tensor]


def target_maps(samples: TileSamples | Sequence[SegDataSample]) -> Maps:
    """What of a batch the channels' targets are read from.

    Args:
        samples: The batch's; a ``TileSamples`` has the maps as they are.

    Returns:
        Each (N, H, W): ``gt_sem_seg`` and, where there is one, ``gt_error``, of
        integers; ``gt_error_frequency``, of float32.

    Raises:
        UserError: Transforms have not been done to the batch.
    """
    if isinstance(samples, TileSamples):
        samples.refuse_unfinished()
        return dict(samples.items())
    return {
        name: torch.stack([sample.get(name).data[0] for sample in samples])
        for name in MAPS
        if all(name in sample for sample in samples)
    }


def channel_target(channel: str, maps: Maps) -> Tensor:
    """The target maps of a channel.

    Args:
        channel: One of :data:`CHANNEL_TARGETS`.
        maps: As :func:`target_maps` gives them.

    Returns:
        (N, H, W): integers in {0, 1, 255}, or of ``error_frequency`` float32 in [0, 1]
        or 255.

    Raises:
        UserError: The channel is made of accumulated errors and the batch has none.
    """
    return CHANNEL_TARGETS[channel](maps)


def _target(maps: Maps) -> Tensor:
    return maps["gt_sem_seg"]


def _errors(*codes: int) -> Callable[[Maps], Tensor]:
    def read(maps: Maps) -> Tensor:
        if "gt_error" not in maps:
            raise UserError(
                "train_dataloader.dataset.error_mask: is not set or LoadErrorMask is "
                "not in the pipeline, but the model has a channel for accumulated "
                "errors"
            )
        error = maps["gt_error"]
        wrong = torch.zeros_like(error)
        for code in codes:
            wrong[error == code] = 1
        # Where the label is unknown, so is whether a prediction was wrong.
        ignored = (error == IGNORE) | (_target(maps) == IGNORE)
        return wrong.masked_fill(ignored, IGNORE)

    return read


def _frequency(maps: Maps) -> Tensor:
    if "gt_error_frequency" not in maps:
        raise UserError(
            "train_dataloader.dataset.pipeline: has no LoadErrorFrequency, which the "
            "model's channel error_frequency needs"
        )
    return maps["gt_error_frequency"]


#: Channel name → how its target is read from the maps. FN and FP are kept apart in
#: the data; that ``error`` means both is said here and nowhere else.
CHANNEL_TARGETS: dict[str, Callable[[Maps], Tensor]] = {
    "target": _target,
    "error": _errors(WAS_FN, WAS_FP),
    "fn": _errors(WAS_FN),
    "fp": _errors(WAS_FP),
    "error_frequency": _frequency,
}
