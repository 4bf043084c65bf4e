"""What is reached without looking at the image."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from tqdm import tqdm

from mmext.datasets.depth import DepthDataset, DepthSample
from mmext.datasets.depth.image_file import read_grey
from mmext.datasets.depth.transforms.load_depth import read_metres
from mmext.errors import UserError
from mmext.registry import DATASETS, METRICS

#: Frames that means are taken over, at most; more would not change a mean map.
MOST_FRAMES = 2000
#: Sequences beyond this number are journeys, not the views of fixed cameras.
_MOST_RIGS = 12
#: Bins between the limits that the median is found in, to 0.1 % at 1000 : 1.
_BINS = 10_000


@dataclass(frozen=True)
class MeanDepth:
    """Means of training depth.

    Attributes:
        constant: Median over all valid pixels, metres.
        map: (H, W) mean of each pixel; where none was valid the constant. None if
            the frames differ in size.
        by_sequence: The same for each sequence; empty if there is one, or many.
    """

    constant: float
    map: np.ndarray | None
    by_sequence: dict[str, np.ndarray]


def baseline_scores(config: Config) -> dict[str, dict[str, float]]:
    """Scores of the trivial predictions on the set that epochs are scored on.

    A constant (the median depth), the mean map of the training frames, and, if all
    sequences scored are among a few trained on (fixed rigs), the mean map of each
    sequence. Cap, crop, averaging and alignment are those of the config's evaluator.

    Args:
        config: Resolved config of a depth training.

    Returns:
        Baseline → metric (``all.abs_rel``, …) → value.

    Raises:
        UserError: The data is not there, or has no depth.
    """
    train = build_dataset(config.train_dataloader.dataset)
    scored = build_dataset(config.val_dataloader.dataset)
    evaluator = config.val_evaluator
    limits = (evaluator.get("min_depth", 1e-3), evaluator.max_depth)
    means = mean_depth(train, limits)
    metrics = {name: _metric(evaluator) for name in _names(means, scored)}
    for sample in tqdm(scored.samples, desc="baselines", unit="frame"):
        truth = depth_of(scored, sample)
        for name, metric in metrics.items():
            prediction = _predict(name, means, sample, truth.shape)
            metric.process({}, [_packed(sample, prediction, truth)])
    return {
        name: metric.compute_metrics(metric.results) for name, metric in metrics.items()
    }


def build_dataset(config: Any) -> DepthDataset:
    """The data set of a config, without its pipeline and structural maps.

    Raises:
        UserError: Its files are not there, or it is no depth data set.
    """
    settings = dict(config, pipeline=[])
    settings.pop("structural", None)
    with DefaultScope.overwrite_default_scope("mmext"):
        dataset = DATASETS.build(settings)
    if not isinstance(dataset, DepthDataset):
        raise UserError(
            f"{settings.get('type')}: is no depth data set, expected one such as "
            "MM5Dataset"
        )
    return dataset


def depth_of(dataset: DepthDataset, sample: DepthSample) -> np.ndarray:
    """A sample's true depth (H, W) float32 metres, 0 where unknown.

    Raises:
        UserError: It has none.
    """
    if sample.depth_path is None:
        raise UserError(f"{dataset.source}: sample {sample.sample_id} has no depth")
    return read_metres(sample.depth_path, dataset.depth_scale)


def mean_depth(dataset: DepthDataset, limits: tuple[float, float]) -> MeanDepth:
    """Means of a data set's true depth.

    Args:
        dataset: The training data.
        limits: Depths between which a pixel counts, metres.
    """
    step = -(-len(dataset) // MOST_FRAMES)
    samples = dataset.samples[::step]
    sequences = {sample.sequence for sample in samples}
    by_rig = 1 < len(sequences) <= _MOST_RIGS
    sums: dict[str, np.ndarray] = {}
    counts: dict[str, np.ndarray] = {}
    edges = np.geomspace(*limits, _BINS + 1)
    histogram, one_size = np.zeros(_BINS, int), True
    for sample in tqdm(samples, desc="mean depth", unit="frame"):
        depth = depth_of(dataset, sample).astype(np.float64)
        valid = (depth > limits[0]) & (depth < limits[1])
        histogram += np.histogram(depth[valid], edges)[0]
        for key in ("", sample.sequence) if by_rig else ("",):
            one_size = (
                one_size
                and depth.shape == sums.setdefault(key, np.zeros(depth.shape)).shape
            )
            if one_size:
                sums[key] += np.where(valid, depth, 0)
                counts[key] = counts.get(key, np.zeros(depth.shape, int)) + valid
    if not histogram.any():
        raise UserError(f"{dataset.source}: holds no valid depth")
    middle = np.searchsorted(histogram.cumsum(), histogram.sum() / 2)
    constant = float(np.sqrt(edges[middle] * edges[middle + 1]))
    maps = {}
    if one_size:
        for key, count in counts.items():
            filled = np.where(count, sums[key] / np.maximum(count, 1), constant)
            maps[key] = filled.astype(np.float32)
    whole = maps.pop("", None)
    return MeanDepth(constant, whole, maps if by_rig else {})


def _names(means: MeanDepth, scored: DepthDataset) -> list[str]:
    names = ["constant"]
    if means.map is not None:
        names.append("mean map")
    sequences = {sample.sequence for sample in scored.samples}
    if means.by_sequence and sequences <= set(means.by_sequence):
        names.append("mean map per rig")
    return names


def _predict(
    name: str, means: MeanDepth, sample: DepthSample, shape: tuple[int, ...]
) -> np.ndarray:
    if name == "constant":
        return np.full(shape, means.constant, np.float32)
    if name == "mean map":
        assert means.map is not None
        found = means.map
    else:
        found = means.by_sequence[sample.sequence]
    if found.shape != shape:
        raise UserError(
            f"sample {sample.sample_id}: is {shape[0]}×{shape[1]}, the training frames "
            f"are {found.shape[0]}×{found.shape[1]}"
        )
    return found


def _metric(evaluator: Any) -> Any:
    with DefaultScope.overwrite_default_scope("mmext"):
        return METRICS.build(dict(evaluator))


def _packed(
    sample: DepthSample, prediction: np.ndarray, truth: np.ndarray
) -> dict[str, Any]:
    packed = {
        "sample_id": sample.sample_id,
        "pred_depth_map": {"data": torch.from_numpy(prediction[None])},
        "gt_depth_map": {"data": torch.from_numpy(truth[None])},
    }
    if sample.object_mask_path is not None:
        labels = read_grey(sample.object_mask_path)
        packed["gt_object_map"] = {"data": torch.from_numpy(labels[None])}
    return packed


def dataset_lines(config: Config) -> Sequence[tuple[str, str]]:
    """What was trained and scored on, for the page: name and settings."""
    lines = []
    for title, loader in (("trained on", "train"), ("scored on", "val")):
        settings = dict(config[f"{loader}_dataloader"].dataset)
        settings.pop("pipeline", None)
        name = settings.pop("type")
        shown = {
            key: Path(value).name if key in ("root", "structural") else value
            for key, value in settings.items()
            if value is not None
        }
        text = ", ".join(f"{key} {value}" for key, value in shown.items())
        lines.append((title, f"{name} ({text})"))
    return lines
