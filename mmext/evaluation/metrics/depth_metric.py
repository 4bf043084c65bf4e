"""Scores of metric depth, as predicted and after median scaling."""

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any, Literal

import numpy as np
from mmengine.evaluator import BaseMetric

from mmext.checked import Positive, Share, checked
from mmext.errors import UserError
from mmext.evaluation.depth.alignment import median_ratio
from mmext.evaluation.depth.checkerboard import checkerboard
from mmext.evaluation.depth.crops import check_crop, crop_mask
from mmext.evaluation.depth.depth_scores import DepthSums, depth_sums, mean_scores
from mmext.evaluation.depth.structure_scores import (
    StructureScorer,
    mean_structure_scores,
)
from mmext.registry import METRICS
from mmext.structures.structural_space import StructuralSpace

Average = Literal["image", "pixel"]
# Output → its field in a sample.
_OUTPUTS = {"metric": "pred_depth_map", "structural": "pred_structural_map"}


@METRICS.register_module()
class CappedDepthMetric(BaseMetric):
    """Depth scores with cap, crop, averaging and alignment stated.

    mmseg's ``DepthMetric`` does not keep predictions within the cap, gives NaN for a
    frame without truth, has no alignment, and calls another formula SILog.

    Metrics are named ``<pixels>.<score>``: ``all`` and, where the samples have
    object masks, ``object`` (label above 0); ``all_median`` and ``object_median``
    after each image was multiplied by median(truth) / median(prediction) of the
    pixels scored. Scores are those of
    :data:`~mmext.evaluation.depth.depth_scores.SCORES`; ``images`` counts those that
    had a valid pixel.

    ``metric.<score>`` and ``structural.<score>`` say how well either output has the
    scene's structure, whatever its scale and shift
    (:data:`~mmext.evaluation.depth.structure_scores.STRUCTURE_SCORES`), always averaged
    over images, all pixels. ``metric.checkerboard`` and ``structural.checkerboard`` say
    how far a decoder's squares stand out (:func:`~.checkerboard.checkerboard`).

    Args:
        prefix: ``'val'`` or ``'test'``: which set this is.
        min_depth: Metres. Truth at or below it does not count; predictions are
            raised to it.
        max_depth: Metres, the cap. Truth at or above it does not count; predictions
            are lowered to it, after scaling.
        crop: None, 'garg', 'eigen', 'nyu', or shares (top, bottom, left, right).
        average: 'image' or 'pixel', see
            :func:`~mmext.evaluation.depth.depth_scores.mean_scores`.
        collect_device: How results of several processes are collected.

    Raises:
        UserError: The range, crop or averaging is none.
    """

    def __init__(
        self,
        max_depth: Positive,
        prefix: str = "test",
        min_depth: Positive = 1e-3,
        crop: str | Sequence[Share] | None = None,
        average: Average = "image",
        collect_device: Literal["cpu", "gpu"] = "cpu",
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if not 0 < min_depth < max_depth:
            raise UserError(
                f"evaluator.min_depth, max_depth: are {min_depth}, {max_depth}, "
                "expected 0 < min_depth < max_depth in metres"
            )
        checked(Average, average, "evaluator.average")
        check_crop(crop)
        self.min_depth = min_depth
        self.max_depth = max_depth
        self.crop = crop
        self.average = average
        self._structure = StructureScorer(min_depth, max_depth)

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Reduce each sample to sums.

        Args:
            data_batch: Not used.
            data_samples: Predictions with ``pred_depth_map`` and ``gt_depth_map``
                (1, H, W) in metres, 0 where the truth is unknown, and perhaps
                ``gt_object_map`` (1, H, W), and ``pred_structural_map`` (1, H, W) with
                ``structural_space``, and ``img_shape``, the size that the network saw.

        Raises:
            UserError: A sample has no truth, or it differs in size.
        """
        for sample in data_samples:
            if "gt_depth_map" not in sample:
                raise UserError(
                    f"sample {sample.get('sample_id')}: has no gt_depth_map, scoring "
                    "expects LoadDepth in the pipeline"
                )
            prediction = sample["pred_depth_map"]["data"][0].cpu().numpy()
            truth = sample["gt_depth_map"]["data"][0].cpu().numpy()
            if prediction.shape != truth.shape:
                raise UserError(
                    f"sample {sample.get('sample_id')}: prediction is "
                    f"{prediction.shape}, truth is {truth.shape}, expected the same"
                )
            objects = None
            if "gt_object_map" in sample:
                objects = sample["gt_object_map"]["data"][0].cpu().numpy() > 0
            valid = np.isfinite(truth) & crop_mask(truth.shape, self.crop)
            valid &= (truth > self.min_depth) & (truth < self.max_depth)
            self.results.append(
                {
                    "sums": self._sums(prediction, truth, valid, objects),
                    "structure": self._structures(sample, truth, valid),
                }
            )

    def compute_metrics(self, results: list[dict[str, Any]]) -> dict[str, float]:
        """Average over the images.

        Args:
            results: What :meth:`process` kept, each image once.
        """
        metrics: dict[str, float] = {}
        # Some samples may have object masks and others none.
        kept = [result["sums"] for result in results]
        for name in dict.fromkeys(name for sums in kept for name in sums):
            images = [DepthSums(*sums[name]) for sums in kept if name in sums]
            for score, value in mean_scores(images, self.average).items():
                metrics[f"{name}.{score}"] = value
            metrics[f"{name}.images"] = sum(image.pixels > 0 for image in images)
        for output in _OUTPUTS:
            scored = [
                result["structure"][output]
                for result in results
                if output in result["structure"]
            ]
            if scored:
                means = mean_structure_scores(scored)
                metrics |= {f"{output}.{score}": mean for score, mean in means.items()}
        return metrics

    def _structures(
        self, sample: dict, truth: np.ndarray, valid: np.ndarray
    ) -> dict[str, dict[str, float]]:
        spaces: dict[str, StructuralSpace] = {"metric": "depth"}
        if "structural_space" in sample:
            spaces["structural"] = sample["structural_space"]
        scored = {}
        for output, space in spaces.items():
            values = sample[_OUTPUTS[output]]["data"][0].cpu().numpy()
            scored[output] = self._structure(values, truth, valid, space)
            if "img_shape" in sample:
                # A structural map is > 0 like a depth: its logarithm serves as well.
                size = sample["img_shape"][:2]
                scored[output]["checkerboard"] = checkerboard(values, size)
        return scored

    def _sums(
        self,
        prediction: np.ndarray,
        truth: np.ndarray,
        valid: np.ndarray,
        objects: np.ndarray | None,
    ) -> dict[str, tuple]:
        masks = {"all": valid}
        if objects is not None:
            masks["object"] = valid & objects
        sums = {}
        for name, mask in masks.items():
            ratio = median_ratio(prediction, truth, mask)
            for suffix, factor in (("", 1.0), ("_median", ratio)):
                capped = np.clip(factor * prediction, self.min_depth, self.max_depth)
                sums[f"{name}{suffix}"] = astuple(depth_sums(capped, truth, mask))
        return sums
