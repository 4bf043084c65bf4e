"""From a pipeline's arrays to what a depth estimator takes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmext.registry import TRANSFORMS

META_KEYS = (
    "sample_id",
    "sequence",
    "thermal_path",
    "ori_shape",
    "img_shape",
    "pad_shape",
    "scale_factor",
    "flip",
    "flip_direction",
)
MAPS = {
    "gt_depth_map": np.float32,
    "gt_structural_map": np.float32,
    "gt_object_map": np.uint8,
}


@TRANSFORMS.register_module()
class PackDepthInputs(BaseTransform):
    """Pack the thermal image and what maps there are.

    Gives ``inputs`` (1, H, W) float32 and a ``SegDataSample`` with ``gt_depth_map``
    and ``gt_structural_map`` (1, H, W) float32 and ``gt_object_map`` (1, H, W) uint8,
    each only if it was loaded.

    Args:
        meta_keys: Keys that go into the sample's metainfo where present.
    """

    def __init__(self, meta_keys: Sequence[str] = META_KEYS) -> None:
        self.meta_keys = tuple(meta_keys)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack ``results``."""
        # Resizing with OpenCV drops the axis of a single channel.
        image = results["img"].reshape(results["img"].shape[:2])
        sample = SegDataSample(
            metainfo={key: results[key] for key in self.meta_keys if key in results}
        )
        for name, dtype in MAPS.items():
            if name in results:
                values = np.ascontiguousarray(results[name][None], dtype)
                sample.set_data({name: PixelData(data=torch.from_numpy(values))})
        inputs = torch.from_numpy(np.ascontiguousarray(image[None], np.float32))
        return dict(inputs=inputs, data_samples=sample)
