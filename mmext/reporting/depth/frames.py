"""Some frames, seen by every configuration."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmext.datasets.depth.image_file import read_grey
from mmext.errors import UserError
from mmext.evaluation.depth import least_squares_alignment
from mmext.inference.depth import DepthPredictor

from .baselines import build_dataset, depth_of
from .study import Study, checkpoint_of


@dataclass(frozen=True)
class Frame:
    """A frame with what is true and what each configuration says.

    Attributes:
        sample_id: Which frame.
        thermal: (H, W) float in [0, 1], as the networks are given it.
        truth: (H, W) metres, 0 where unknown.
        metric: Configuration → (H, W) metres.
        structural: Configuration → (H, W) metres: the structural depth at the truth's
            scale and shift.
    """

    sample_id: str
    thermal: np.ndarray
    truth: np.ndarray
    metric: dict[str, np.ndarray]
    structural: dict[str, np.ndarray]


def predict_frames(
    study: Study, seed: int, number: int, ids: Sequence[str] = ()
) -> list[Frame]:
    """Predict some frames of the scored set with each configuration's last epoch.

    Args:
        study: The runs.
        seed: Which seed's.
        number: How many frames, evenly spaced.
        ids: These frames instead.

    Raises:
        UserError: The data or a checkpoint is not there, or there is no such frame.
    """
    config = study.config
    dataset = build_dataset(config.val_dataloader.dataset)
    chosen = _choose([sample.sample_id for sample in dataset.samples], number, ids)
    samples = [dataset.samples[index] for index in chosen]
    raw = [read_grey(sample.thermal_path) for sample in samples]
    truths = [depth_of(dataset, sample) for sample in samples]
    cap = float(config.val_evaluator.max_depth)
    frames: list[Frame] = []
    for name, run in study.of_seed(seed).items():
        predictor = DepthPredictor(checkpoint_of(run))
        found = [predictor.predict([image])[0] for image in raw]
        if not frames:
            frames = [
                Frame(sample.sample_id, one.thermal, truth, {}, {})
                for sample, one, truth in zip(samples, found, truths, strict=True)
            ]
        for frame, one in zip(frames, found, strict=True):
            frame.metric[name] = one.metric
            frame.structural[name] = structure_in_metres(
                one.structural, frame.truth, predictor.structural_space, cap
            )
    return frames


def structure_in_metres(
    structural: np.ndarray, truth: np.ndarray, space: str, cap: float
) -> np.ndarray:
    """A structural map at the truth's scale and shift, so that maps compare.

    Least squares in the map's own space (depth or inverse depth); inverse depth is
    then turned into metres.

    Args:
        structural: (H, W) > 0, any scale and shift.
        truth: (H, W) metres, 0 where unknown.
        space: ``depth`` or ``inverse_depth``.
        cap: Largest depth that counts, metres.

    Returns:
        (H, W) float32 metres in [0, cap].
    """
    mask = (truth > 0) & (truth < cap)
    if space == "depth":
        aligned = least_squares_alignment(structural, truth, mask)
    else:
        inverse = np.divide(1, truth, out=np.zeros(truth.shape), where=mask)
        aligned = least_squares_alignment(structural, inverse, mask)
        aligned = 1 / np.maximum(aligned, 1 / cap)
    return np.clip(aligned, 0, cap).astype(np.float32)


def _choose(all_ids: Sequence[str], number: int, ids: Sequence[str]) -> list[int]:
    if not ids:
        places = np.linspace(0, len(all_ids) - 1, min(number, len(all_ids)))
        return sorted({round(place) for place in places})
    unknown = [name for name in ids if name not in all_ids]
    if unknown:
        raise UserError(
            f"--samples: there is no sample {unknown[0]}, expected ids such as "
            f"{all_ids[0]}"
        )
    return [list(all_ids).index(name) for name in ids]
