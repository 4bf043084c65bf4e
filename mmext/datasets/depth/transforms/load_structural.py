"""Reading the structural depth that an RGB model gave."""

from typing import Any

from mmcv.transforms import BaseTransform

from mmext.datasets.depth.structural_maps import read_map
from mmext.registry import TRANSFORMS

from .load_depth import check_size


@TRANSFORMS.register_module()
class LoadStructural(BaseTransform):
    """Read the structural map of ``structural_path``.

    Adds ``gt_structural_map`` (H, W) float32 and lists it in ``seg_fields``: 0 where
    nothing is known (occluded, not seen by the colour camera), otherwise above 0,
    known up to scale and shift, in the data set's ``structural_space``. A sample
    without a map goes on without it; whether a loss needs one is checked when training
    starts (``DepthDataHook``).
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Load the map.

        Raises:
            UserError: Its size is not the thermal image's.
        """
        path = results.get("structural_path")
        if path is None:
            return results
        values = read_map(path)
        check_size(path, values, results["ori_shape"])
        results["gt_structural_map"] = values
        results["seg_fields"].append("gt_structural_map")
        return results
