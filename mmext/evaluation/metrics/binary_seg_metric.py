"""Scores of a binary segmentation, by channel and for the decided mask."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

import numpy as np
import torch.nn.functional as functional
from mmengine.evaluator import BaseMetric

from mmext.checked import Count, PositiveShare
from mmext.evaluation.confusion import Confusion, confusion
from mmext.evaluation.objects import ObjectCounts, match_objects
from mmext.evaluation.scene_mosaic import PlacedTile, scene_mosaics
from mmext.pixel_values import IGNORE
from mmext.registry import METRICS


@METRICS.register_module()
class BinarySegMetric(BaseMetric):
    """Pixel and object scores against the ground-truth mask.

    All ratios come from sums over the whole set and over processes; tiles that a
    distributed sampler repeats to fill up its last round count once. Every
    channel, the error channel too, is scored against the ground truth, as in
    Ahn et al. 2025; ``union`` is what the model's decoder decides.

    Metrics are named ``<channel>.<score>`` with the scores of
    :class:`~mmext.evaluation.confusion.Confusion`; ``objects.<channel>.recall``
    and so on, with a field counting as found if at least ``min_cover`` of it is
    covered (:func:`~mmext.evaluation.objects.match_objects`); and ``loss``, the
    mean binary cross-entropy of the target channel over valid pixels. A score
    whose denominator is zero is NaN.

    Args:
        prefix: ``'val'`` or ``'test'``: which set this is.
        objects: Whether to score objects. Tiles are put back together by scene,
            so a field that crosses tiles is one field.
        min_cover: Share of an object that must be covered, in (0, 1].
        min_pixels: Smaller objects, true or predicted, are not counted.
        collect_device: How results of several processes are collected.
    """

    def __init__(
        self,
        prefix: str = "test",
        objects: bool = True,
        min_cover: PositiveShare = 0.5,
        min_pixels: Count = 1,
        collect_device: Literal["cpu", "gpu"] = "cpu",
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.objects = objects
        self.min_cover = min_cover
        self.min_pixels = min_pixels

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Reduce each sample to sums and packed masks.

        Args:
            data_batch: Not used.
            data_samples: Predictions with ``gt_sem_seg`` (1, H, W), ``seg_logits``
                and ``pred_channels`` (K, H, W), ``pred_sem_seg`` (1, H, W), and
                the metainfo ``channels``, ``scene``, ``row_off``, ``col_off``.
        """
        for sample in data_samples:
            target = sample["gt_sem_seg"]["data"][0].cpu()
            logits = sample["seg_logits"]["data"].cpu()
            masks = _masks(sample)
            valid = target != IGNORE
            loss_sum = functional.binary_cross_entropy_with_logits(
                logits[0][valid].double(), target[valid].double(), reduction="sum"
            )
            truth = target.numpy().astype(np.uint8)
            self.results.append(
                {
                    "sums": {
                        name: asdict(confusion(mask, truth))
                        for name, mask in masks.items()
                    },
                    "loss_sum": float(loss_sum),
                    "valid": int(valid.sum()),
                    "tile": self._pack(sample, truth, masks) if self.objects else None,
                }
            )

    def compute_metrics(self, results: list[dict[str, Any]]) -> dict[str, float]:
        """Add up the tiles' sums and score them.

        Args:
            results: What :meth:`process` kept, each tile once.
        """
        names = list(results[0]["sums"])
        metrics: dict[str, float] = {}
        for name in names:
            total = sum((Confusion(**r["sums"][name]) for r in results), Confusion())
            for score, value in total.as_dict().items():
                metrics[f"{name}.{score}"] = value
        valid = sum(r["valid"] for r in results)
        loss_sum = sum(r["loss_sum"] for r in results)
        metrics["loss"] = loss_sum / valid if valid else float("nan")
        if self.objects:
            for name, counts in self._count_objects(results, names).items():
                for score, value in _object_scores(counts).items():
                    metrics[f"objects.{name}.{score}"] = value
        return metrics

    def _pack(
        self, sample: dict, truth: np.ndarray, masks: dict[str, np.ndarray]
    ) -> dict[str, Any]:
        # Bits, since every process sends the whole set's masks to the first.
        layers = {"positive": truth == 1, "valid": truth != IGNORE, **masks}
        return {
            "scene": sample["scene"],
            "row_off": int(sample["row_off"]),
            "col_off": int(sample["col_off"]),
            "shape": truth.shape,
            "bits": {name: np.packbits(layer) for name, layer in layers.items()},
        }

    def _count_objects(
        self, results: list[dict[str, Any]], names: list[str]
    ) -> dict[str, ObjectCounts]:
        tiles = [_unpack(result["tile"]) for result in results]
        fill = dict.fromkeys(("positive", "valid", *names), 0)
        counts = {name: ObjectCounts() for name in names}
        for layers in scene_mosaics(tiles, fill).values():
            for name in names:
                counts[name] += match_objects(
                    layers["positive"],
                    layers[name],
                    layers["valid"],
                    min_cover=self.min_cover,
                    min_pixels=self.min_pixels,
                )
        return counts


def _masks(sample: dict) -> dict[str, np.ndarray]:
    channels = sample["pred_channels"]["data"].cpu().numpy().astype(bool)
    masks = dict(zip(sample["channels"], channels, strict=True))
    if len(masks) > 1:
        masks["union"] = sample["pred_sem_seg"]["data"][0].cpu().numpy() == 1
    return masks


def _unpack(tile: dict[str, Any]) -> PlacedTile:
    height, width = tile["shape"]
    layers = {
        name: np.unpackbits(bits, count=height * width)
        .reshape(height, width)
        .astype(bool)
        for name, bits in tile["bits"].items()
    }
    return PlacedTile(tile["scene"], tile["row_off"], tile["col_off"], layers)


def _object_scores(counts: ObjectCounts) -> dict[str, float]:
    scores: dict[str, float] = asdict(counts)
    for name in ("recall", "precision"):
        value = getattr(counts, name)
        scores[name] = float("nan") if value is None else value
    return scores
