"""From what the network saw back to the image as it was read."""

from typing import Any

from mmseg.models.utils import resize
from torch import Tensor


def to_original_frame(
    maps: Tensor, meta: dict[str, Any], align_corners: bool
) -> Tensor:
    """Undo padding, flips and resizing of an image's maps.

    Args:
        maps: (N, K, H, W) float, as the network saw the image.
        meta: Metainfo of the image: ``img_padding_size`` or ``padding_size`` (left,
            right, top, bottom), ``flip``, ``flip_direction``, ``ori_shape``; what is
            absent was not done.
        align_corners: How to resize.

    Returns:
        (N, K, h, w), at ``ori_shape``.
    """
    left, right, top, bottom = meta.get(
        "img_padding_size", meta.get("padding_size", (0, 0, 0, 0))
    )
    height, width = maps.shape[2:]
    maps = maps[..., top : height - bottom, left : width - right]
    if meta.get("flip"):
        axes = {"horizontal": [3], "vertical": [2], "diagonal": [2, 3]}
        maps = maps.flip(axes[meta["flip_direction"]])
    size = tuple(meta.get("ori_shape", maps.shape[2:])[:2])
    if tuple(maps.shape[2:]) == size:
        return maps
    return resize(maps, size=size, mode="bilinear", align_corners=align_corners)
