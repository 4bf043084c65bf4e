"""Reading a tile and its errors."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from mmext.errors import UserError
from mmext.pixel_values import IGNORE
from mmext.registry import TRANSFORMS
from mmext.structures import ErrorBank


@TRANSFORMS.register_module()
class LoadTile(BaseTransform):
    """Copy a tile's pixels and mask out of the store.

    Adds ``img`` (H, W, C) float32 in the source's units, ``gt_seg_map`` (H, W) uint8
    in {0, 1, 255}, ``seg_fields``, ``img_shape`` and ``ori_shape``.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Load the tile ``results['tile_id']`` of ``results['store']``."""
        store, tile_id = results.pop("store"), results["tile_id"]
        # A copy: transforms write in place, and the map is read-only.
        results["img"] = store.images[tile_id].astype(np.float32)
        results["gt_seg_map"] = np.array(store.masks[tile_id])
        results["seg_fields"] = ["gt_seg_map"]
        results["img_shape"] = results["ori_shape"] = results["gt_seg_map"].shape
        return results

    def load_batch(self, results: dict[str, Any]) -> dict[str, Any]:
        """Load B tiles at once: ``img`` (B, H, W, C) in the store's data type."""
        store, tile_ids = results.pop("store"), results["tile_id"]
        results["img"] = np.take(store.images, tile_ids, axis=0)
        results["gt_seg_map"] = np.take(store.masks, tile_ids, axis=0)
        shape = results["gt_seg_map"].shape[1:]
        results["img_shape"] = results["ori_shape"] = [shape] * len(tile_ids)
        return results


@TRANSFORMS.register_module()
class LoadErrorMask(BaseTransform):
    """Add which pixels of the tile stage 1 got wrong.

    Adds ``gt_error_map`` (H, W) uint8: 0 never wrong, 1 was FN, 2 was FP, 255 where
    the mask is ignored; and lists it in ``seg_fields``, so that geometric transforms
    move it with the image and the mask.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Read the tile's codes from the data set's error bank.

        Raises:
            UserError: The data set has none.
        """
        bank = _error_bank(results, self)
        codes = bank.codes(results["tile_id"])
        codes[results["gt_seg_map"] == IGNORE] = IGNORE
        results["gt_error_map"] = codes
        results["seg_fields"].append("gt_error_map")
        return results

    def load_batch(self, results: dict[str, Any]) -> dict[str, Any]:
        """Read the codes of B tiles, (B, H, W) uint8.

        Raises:
            UserError: As :meth:`transform`.
        """
        bank = _error_bank(results, self)
        codes = np.stack([bank.codes(tile_id) for tile_id in results["tile_id"]])
        codes[results["gt_seg_map"] == IGNORE] = IGNORE
        results["gt_error_map"] = codes
        return results


@TRANSFORMS.register_module()
class LoadErrorFrequency(BaseTransform):
    """Add how often stage 1 got each pixel wrong: a soft target.

    Adds ``gt_error_frequency_map`` (H, W) float32, the share in [0, 1] of the bank's
    passes in which the pixel was wrong, 255 where the mask is ignored; and lists it
    in ``seg_fields``. The bank must have counts
    (``ErrorAccumulationHook(counts=True)``).
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Read the tile's counts from the data set's error bank.

        Raises:
            UserError: The data set has no bank, or it has no counts.
        """
        frequency = _frequency(_error_bank(results, self), results["tile_id"])
        frequency[results["gt_seg_map"] == IGNORE] = IGNORE
        results["gt_error_frequency_map"] = frequency
        results["seg_fields"].append("gt_error_frequency_map")
        return results

    def load_batch(self, results: dict[str, Any]) -> dict[str, Any]:
        """Read the shares of B tiles, (B, H, W) float32.

        Raises:
            UserError: As :meth:`transform`.
        """
        bank = _error_bank(results, self)
        frequency = np.stack([_frequency(bank, tile) for tile in results["tile_id"]])
        frequency[results["gt_seg_map"] == IGNORE] = IGNORE
        results["gt_error_frequency_map"] = frequency
        return results


def _error_bank(results: dict[str, Any], transform: BaseTransform) -> ErrorBank:
    bank = results.get("error_bank")
    if bank is None:
        raise UserError(
            f"train_dataloader.dataset.error_mask: is not set, "
            f"{type(transform).__name__} expects a snapshot of stage 1 "
            "(error_bank_epoch_N.npz)"
        )
    return bank


def _frequency(bank: ErrorBank, tile_id: int) -> np.ndarray:
    """(H, W) float32: the share of passes in which each pixel was wrong."""
    counts = bank.counts(tile_id)
    wrong = counts["fn_count"].astype(np.float32) + counts["fp_count"]
    return wrong / max(1, bank.passes)
