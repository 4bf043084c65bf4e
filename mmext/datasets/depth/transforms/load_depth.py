"""Reading the true depth."""

import os
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from mmext.checked import Positive
from mmext.datasets.depth.image_file import read_grey
from mmext.errors import UserError
from mmext.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadDepth(BaseTransform):
    """Read the depth of ``depth_path`` as metres.

    Adds ``gt_depth_map`` (H, W) float32, 0 where there is no measurement, and lists
    it in ``seg_fields``. After a ``Resize`` of the image it keeps its own size, as is
    right in testing.

    Args:
        scale: Stored units in a metre; None takes the data set's ``depth_scale``.
    """

    def __init__(self, scale: Positive | None = None) -> None:
        self.scale = scale

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Load the depth.

        Raises:
            UserError: The sample has none, or its size is not the thermal image's.
        """
        path = results.get("depth_path")
        if path is None:
            raise UserError(
                f"sample {results['sample_id']}: has no depth, LoadDepth expects one"
            )
        scale = results["depth_scale"] if self.scale is None else self.scale
        depth = read_metres(path, scale)
        check_size(path, depth, results["ori_shape"])
        results["gt_depth_map"] = depth
        results["seg_fields"].append("gt_depth_map")
        return results


def read_metres(path: str | os.PathLike[str], scale: float) -> np.ndarray:
    """Read a depth file.

    Args:
        path: An integer image, or a float image or array.
        scale: Stored units in a metre.

    Returns:
        (H, W) float32 metres; what was 0, negative or not finite is 0.
    """
    stored = read_grey(path).astype(np.float32)
    return np.where(np.isfinite(stored) & (stored > 0), stored / scale, 0).astype(
        np.float32
    )


def check_size(
    path: str | os.PathLike[str], values: np.ndarray, expected: tuple[int, int]
) -> None:
    """Refuse a map that is not in the thermal camera's pixels.

    Raises:
        UserError: The sizes differ.
    """
    if values.shape != tuple(expected):
        found, wanted = ("×".join(map(str, size)) for size in (values.shape, expected))
        raise UserError(
            f"{path}: is {found}, expected {wanted} as the thermal image (maps of "
            "another view must be warped, not resized)"
        )
