"""From a pipeline's arrays to what the model takes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmext.registry import TRANSFORMS
from mmext.structures import TileSamples
from mmext.structures.tile_samples import MAPS

#: What a pipeline calls the maps that go into a sample.
_SOURCES = {
    "gt_sem_seg": "gt_seg_map",
    "gt_error": "gt_error_map",
    "gt_error_frequency": "gt_error_frequency_map",
}
META_KEYS = (
    "tile_id",
    "scene",
    "row_off",
    "col_off",
    "ori_shape",
    "img_shape",
    "pad_shape",
    "scale_factor",
    "flip",
    "flip_direction",
)


@TRANSFORMS.register_module()
class PackTileInputs(BaseTransform):
    """Pack image, mask and error mask.

    mmseg's ``PackSegInputs`` knows one target. Gives ``inputs`` (C, H, W) float32
    and a ``SegDataSample`` with ``gt_sem_seg`` and, if there is an error map,
    ``gt_error``, both (1, H, W) int64; and ``gt_error_frequency`` (1, H, W) float32
    where there is one.

    Args:
        meta_keys: Keys that go into the sample's metainfo where present.
    """

    def __init__(self, meta_keys: Sequence[str] = META_KEYS) -> None:
        self.meta_keys = tuple(meta_keys)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack ``results``."""
        image = np.ascontiguousarray(results["img"].transpose(2, 0, 1))
        sample = SegDataSample(
            metainfo={key: results[key] for key in self.meta_keys if key in results}
        )
        for name, source in _SOURCES.items():
            if source in results:
                data = torch.from_numpy(results[source][None]).to(MAPS[name])
                sample.set_data({name: PixelData(data=data)})
        return dict(inputs=torch.from_numpy(image), data_samples=sample)

    def pack_batch(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack B tiles that were loaded at once, without a copy.

        Args:
            results: As for one tile, each value of all B of them; ``steps`` are the
                transforms still to be done.

        Returns:
            ``inputs`` (B, C, H, W) in the store's data type, laid out in memory as the
            store is (channels last); ``data_samples``, a ``TileSamples``.
        """
        columns = {key: results[key] for key in self.meta_keys if key in results}
        maps = {
            name: torch.from_numpy(results[source])
            for name, source in _SOURCES.items()
            if source in results
        }
        metainfo = {"columns": columns, "steps": results["steps"]}
        return dict(
            inputs=torch.from_numpy(results["img"]).permute(0, 3, 1, 2),
            data_samples=TileSamples(metainfo=metainfo, **maps),
        )
