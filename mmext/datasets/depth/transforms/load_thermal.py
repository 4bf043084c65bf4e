"""Reading the thermal image."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from mmext.datasets.depth.image_file import read_grey
from mmext.datasets.depth.thermal_encoding import (
    PERCENTILE,
    check_normalisation,
    normalise,
)
from mmext.errors import UserError
from mmext.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadThermal(BaseTransform):
    """Read and normalise the thermal image of ``thermal_path``.

    Adds ``img`` (H, W, 1) float32 in [0, 1], ``img_shape``, ``ori_shape`` and an
    empty ``seg_fields``.

    Args:
        normalisation: As :func:`~mmext.datasets.depth.thermal_encoding.normalise`
            takes it; by default 1–99 % of each image.

    Raises:
        UserError: The settings make no sense.
    """

    def __init__(self, normalisation: dict[str, Any] | None = None) -> None:
        self.normalisation = dict(normalisation or PERCENTILE)
        check_normalisation(self.normalisation)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Load the image.

        Raises:
            UserError: It is missing, in colour, or holds values that are not finite.
        """
        raw = read_grey(results["thermal_path"])
        if not np.isfinite(raw).all():
            raise UserError(
                f"{results['thermal_path']}: holds values that are not finite, "
                "expected counts or temperatures"
            )
        return results | thermal_input(raw, self.normalisation)


def thermal_input(raw: np.ndarray, normalisation: dict[str, Any]) -> dict[str, Any]:
    """What the rest of a pipeline needs of a thermal image in memory.

    Args:
        raw: (H, W) counts or temperatures.
        normalisation: As
            :func:`~mmext.datasets.depth.thermal_encoding.normalise` takes it.

    Returns:
        ``img`` (H, W, 1) float32 in [0, 1], ``img_shape``, ``ori_shape`` and an
        empty ``seg_fields``.
    """
    return dict(
        img=normalise(raw, normalisation)[..., None],
        img_shape=raw.shape,
        ori_shape=raw.shape,
        seg_fields=[],
    )
