"""Turning a tile by quarter turns."""

from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from torch import Tensor

from mmext.registry import TRANSFORMS
from mmext.structures import TileSamples

from .batch_moves import move_batch


@TRANSFORMS.register_module()
class RandomRot90(BaseTransform):
    """Turn image and all maps of ``seg_fields`` by 0, 90, 180 or 270 degrees.

    Seen from above, a field has no upright; unlike mmseg's ``RandomRotate`` nothing
    is interpolated and no corner is lost.
    """

    @cache_randomness
    def _turns(self) -> int:
        # mmcv's transforms draw from the global generator, which workers seed.
        return int(np.random.randint(4))  # noqa: NPY002

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Turn ``results`` counter-clockwise."""
        turns = self._turns()
        for key in ("img", *results.get("seg_fields", ())):
            results[key] = np.ascontiguousarray(np.rot90(results[key], turns))
        results["img_shape"] = results["img"].shape[:2]
        return results

    def change_batch(self, images: Tensor, samples: TileSamples) -> Tensor:
        """Turn each tile of a batch, and its maps, where the model runs.

        Args:
            images: (B, C, H, W), as high as wide.
            samples: Their maps.
        """
        drawn = torch.randint(4, (len(images),))
        moves = {
            turns: lambda maps, turns=turns: maps.rot90(turns, (-2, -1))
            for turns in (1, 2, 3)
        }
        return move_batch(images, samples, drawn, moves)
