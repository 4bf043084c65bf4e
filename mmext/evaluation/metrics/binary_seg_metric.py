"""Scores of a binary segmentation, by channel and for the decided mask."""

import logging
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as functional
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from torch import Tensor

from mmext.checked import Count, Index, PositiveShare
from mmext.datasets.scene_mosaic import PlacedTile, scene_mosaics
from mmext.errors import UserError
from mmext.evaluation.confusion import Confusion, confusion
from mmext.evaluation.objects import ObjectCounts, match_objects
from mmext.evaluation.relaxed import (
    RelaxedCounts,
    RelaxedSweep,
    relaxed_counts,
    relaxed_sweep,
)
from mmext.inference.scene_decision import TilePlace, decide_scenes, tiles_by_scene
from mmext.pixel_values import IGNORE, PROBABILITY_STEPS
from mmext.registry import METRICS
from mmext.structures.packed_bits import unpack_mask

#: What layers of probabilities are called, beside those of masks.
_LEVELS_OF = "levels of "


@METRICS.register_module()
class BinarySegMetric(BaseMetric):
    """Pixel and object scores against the ground-truth mask.

    All ratios come from sums over the whole set and over processes; tiles that a
    distributed sampler repeats to fill up its last round count once. Every
    channel, the error channel too, is scored against the ground truth, as in
    Ahn et al. 2025; ``union`` is what the model's decoder decides, and with a single
    channel that channel's score is.

    A decoder that decides by components (``touching``, ``hysteresis``) or grows what it
    decided decides whole scenes, as a map does: tiles are put back together by scene,
    the later one where they overlap, one scene at a time, and each is scored with its
    part. So a pixel counts as often as tiles show it, whatever the decoder.

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
        groups: Regular expression whose first group is what names of scenes have in
            common, as ``'([a-z-]+)[0-9]+'`` has the city of ``austin12``: adds
            ``groups.<group>.<channel>.iou`` and ``accuracy``, and
            ``<channel>.accuracy`` of all. None leaves that out.
        slack: Pixels that a pixel may be off in ``relaxed.<channel>.precision``,
            ``recall`` and ``f1``, and in ``break_even``, what precision and recall are
            at the threshold, ``break_even_threshold``, where they are alike
            (:mod:`mmext.evaluation.relaxed`); there, ``union`` is the highest of the
            channels' probabilities, whatever the decoder. None leaves them out.
        collect_device: How results of several processes are collected.

    Raises:
        UserError: ``groups`` is no regular expression with a group.
    """

    def __init__(
        self,
        prefix: str = "test",
        objects: bool = True,
        min_cover: PositiveShare = 0.5,
        min_pixels: Count = 1,
        groups: str | None = None,
        slack: Index | None = None,
        collect_device: Literal["cpu", "gpu"] = "cpu",
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.objects = objects
        self.min_cover = min_cover
        self.min_pixels = min_pixels
        self.groups = None if groups is None else _pattern(groups)
        self.slack = slack
        self._said_alone = False

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Reduce each sample to sums and packed masks.

        Args:
            data_batch: Not used.
            data_samples: Predictions with ``gt_sem_seg`` (1, H, W), ``seg_logits``
                and ``pred_channels`` (K, H, W), ``pred_sem_seg`` (1, H, W), what
                :func:`~mmext.models.segmentors.decision_parts.set_parts` adds, and
                the metainfo ``channels``, ``scene``, ``row_off``, ``col_off``. A
                sample whose metainfo names no place is decided by itself, which a
                warning says.
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
            parts = self._parts(sample)
            self.results.append(
                {
                    "sums": {
                        name: asdict(confusion(mask, truth))
                        for name, mask in masks.items()
                    },
                    "loss_sum": float(loss_sum),
                    "valid": int(valid.sum()),
                    "scene": sample.get("scene", ""),
                    "tile": self._pack(sample, truth, masks | parts)
                    if self.objects or parts or self.slack is not None
                    else None,
                    "levels": {}
                    if self.slack is None
                    else _levels(logits, sample["channels"]),
                    "grow": sample.get("grow", 0),
                }
            )

    def compute_metrics(self, results: list[dict[str, Any]]) -> dict[str, float]:
        """Add up the tiles' sums and score them.

        Args:
            results: What :meth:`process` kept, each tile once.
        """
        if results[0]["tile"] and "pixels" in results[0]["tile"]["bits"]:
            _decide_whole_scenes(results)
        names = list(results[0]["sums"])
        metrics: dict[str, float] = {}
        for name in names:
            total = sum((Confusion(**r["sums"][name]) for r in results), Confusion())
            for score, value in total.as_dict().items():
                metrics[f"{name}.{score}"] = value
        if self.groups is not None:
            metrics |= _group_scores(self.groups, results, names)
        valid = sum(r["valid"] for r in results)
        loss_sum = sum(r["loss_sum"] for r in results)
        metrics["loss"] = loss_sum / valid if valid else float("nan")
        objects, relaxed = self._count_in_scenes(results, names)
        for name, counts in objects.items():
            for score, value in _object_scores(counts).items():
                metrics[f"objects.{name}.{score}"] = value
        for name, near in relaxed.items():
            for score, value in near.items():
                metrics[f"relaxed.{name}.{score}"] = value
        return metrics

    def _parts(self, sample: dict) -> dict[str, np.ndarray]:
        names = {"pixels": "pred_pixels", "core": "pred_core"}
        found = {name: sample[key] for name, key in names.items() if key in sample}
        if found and not {"scene", "row_off", "col_off"} <= sample.keys():
            if not self._said_alone:
                self._said_alone = True
                print_log(
                    "BinarySegMetric: samples don't say where they lie in which scene "
                    "(scene, row_off, col_off): each is decided by itself, where a map "
                    "decides whole scenes",
                    "current",
                    logging.WARNING,
                )
            return {}
        return {
            name: part["data"][0].cpu().numpy().astype(bool)
            for name, part in found.items()
        }

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

    def _count_in_scenes(
        self, results: list[dict[str, Any]], names: list[str]
    ) -> tuple[dict[str, ObjectCounts], dict[str, dict[str, float]]]:
        """What can't be counted tile by tile, by channel: objects, relaxed scores."""
        layer_names = ("positive", "valid", *names)
        objects = {name: ObjectCounts() for name in names if self.objects}
        relaxed: dict[str, list[tuple[RelaxedCounts, RelaxedSweep]]] = {
            name: [] for name in names if self.slack is not None
        }
        if not (objects or relaxed):
            return objects, {}
        places = [_place(result["tile"]) for result in results]
        for scene, members in tiles_by_scene(places).items():
            tiles = [
                _placed(results[index]["tile"], layer_names, results[index]["levels"])
                for index in members
            ]
            fill = dict.fromkeys([*layer_names, *tiles[0].layers], 0)
            layers = scene_mosaics(tiles, fill)[scene]
            for name in objects:
                objects[name] += match_objects(
                    layers["positive"],
                    layers[name],
                    layers["valid"],
                    min_cover=self.min_cover,
                    min_pixels=self.min_pixels,
                )
            positive, valid = (layers[n].astype(bool) for n in ("positive", "valid"))
            for name, counts in relaxed.items():
                mask, levels = layers[name].astype(bool), layers[_LEVELS_OF + name]
                counts.append(
                    (
                        relaxed_counts(positive, mask, valid, self.slack or 0),
                        relaxed_sweep(positive, levels, valid, self.slack or 0),
                    )
                )
        return objects, {name: _relaxed_scores(each) for name, each in relaxed.items()}


def _levels(logits: Tensor, channels: Sequence[str]) -> dict[str, np.ndarray]:
    """(H, W) uint8 by layer: each channel's probability, and the highest, in levels."""
    levels = (logits.sigmoid() * PROBABILITY_STEPS).round().to(torch.uint8).numpy()
    found = dict(zip(channels, levels, strict=True))
    if len(found) > 1:
        found["union"] = levels.max(axis=0)
    return {_LEVELS_OF + name: layer for name, layer in found.items()}


def _relaxed_scores(
    counts: Sequence[tuple[RelaxedCounts, RelaxedSweep]],
) -> dict[str, float]:
    at_decision, sweep = counts[0]
    for one, other in counts[1:]:
        at_decision, sweep = at_decision + one, sweep + other
    score, threshold = sweep.break_even()
    return {
        **at_decision.as_dict(),
        "break_even": score,
        "break_even_threshold": threshold,
    }


def _pattern(groups: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(groups)
    except re.error as error:
        raise UserError(
            f"BinarySegMetric.groups: is {groups!r}, no regular expression ({error})"
        ) from None
    if not pattern.groups:
        raise UserError(f"BinarySegMetric.groups: {groups!r} has no (group)")
    return pattern


def _group_scores(
    pattern: re.Pattern[str], results: list[dict[str, Any]], names: list[str]
) -> dict[str, float]:
    """IoU and accuracy of the groups that scenes' names make, and accuracy of all.

    Raises:
        UserError: A scene's name isn't of that form.
    """
    counts: dict[str, dict[str, Confusion]] = {}
    for result in results:
        match = pattern.fullmatch(result["scene"])
        if match is None:
            raise UserError(
                f"BinarySegMetric.groups: scene {result['scene']!r} is not of the form "
                f"{pattern.pattern}"
            )
        group = counts.setdefault(match[1], dict.fromkeys(names, Confusion()))
        for name in names:
            group[name] += Confusion(**result["sums"][name])
    scores: dict[str, float] = {}
    for group_name, group in sorted(counts.items()):
        for name, found in group.items():
            scores[f"groups.{group_name}.{name}.iou"] = found.iou
            scores[f"groups.{group_name}.{name}.accuracy"] = found.accuracy
    for name in names:
        total = sum((group[name] for group in counts.values()), Confusion())
        scores[f"{name}.accuracy"] = total.accuracy
    return scores


def _masks(sample: dict) -> dict[str, np.ndarray]:
    channels = sample["pred_channels"]["data"].cpu().numpy().astype(bool)
    masks = dict(zip(sample["channels"], channels, strict=True))
    masks[_decided(masks)] = sample["pred_sem_seg"]["data"][0].cpu().numpy() == 1
    return masks


def _decided(names: Collection[str]) -> str:
    """By what name the decided mask is scored."""
    return "union" if len(names) > 1 else next(iter(names))


def _decide_whole_scenes(results: list[dict[str, Any]]) -> None:
    """Put decisions of whole scenes in the place of those of single tiles."""
    name = _decided(results[0]["sums"])
    tiles = [result["tile"] for result in results]

    names = {"pixels", "core", "valid"} & tiles[0]["bits"].keys()

    def layers(index: int) -> dict[str, np.ndarray]:
        return {name: _layer(tiles[index], name) for name in names}

    places = [_place(tile) for tile in tiles]
    for index, part in decide_scenes(places, layers, results[0]["grow"]):
        tile = tiles[index]
        valid = _layer(tile, "valid")
        truth = np.where(valid, _layer(tile, "positive"), np.uint8(IGNORE))
        results[index]["sums"][name] = asdict(confusion(part, truth))
        tile["bits"][name] = np.packbits(part)


def _place(tile: dict[str, Any]) -> TilePlace:
    return TilePlace(tile["scene"], tile["row_off"], tile["col_off"])


def _placed(
    tile: dict[str, Any], names: Sequence[str], more: Mapping[str, np.ndarray]
) -> PlacedTile:
    layers = {name: _layer(tile, name) for name in names} | dict(more)
    return PlacedTile(tile["scene"], tile["row_off"], tile["col_off"], layers)


def _layer(tile: dict[str, Any], name: str) -> np.ndarray:
    return unpack_mask(tile["bits"][name], *tile["shape"])


def _object_scores(counts: ObjectCounts) -> dict[str, float]:
    scores: dict[str, float] = asdict(counts)
    for name in ("recall", "precision"):
        value = getattr(counts, name)
        scores[name] = float("nan") if value is None else value
    return scores
