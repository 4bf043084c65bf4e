"""Reading which pixels are objects."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from mmext.datasets.depth.image_file import read_grey
from mmext.errors import UserError
from mmext.registry import TRANSFORMS

from .load_depth import check_size


@TRANSFORMS.register_module()
class LoadObjectMask(BaseTransform):
    """Read the labels of ``object_mask_path``.

    Adds ``gt_object_map`` (H, W) uint8, 0 for background, and lists it in
    ``seg_fields``. A sample without a mask goes on without it.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Load the mask.

        Raises:
            UserError: It is not one of 8 bit, or its size is not the thermal
                image's.
        """
        path = results.get("object_mask_path")
        if path is None:
            return results
        labels = read_grey(path)
        if labels.dtype != np.uint8:
            raise UserError(f"{path}: is {labels.dtype}, expected labels in uint8")
        check_size(path, labels, results["ori_shape"])
        results["gt_object_map"] = labels
        results["seg_fields"].append("gt_object_map")
        return results
