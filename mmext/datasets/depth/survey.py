"""What the samples of a thermal depth data set have, and how deep they are."""

from dataclasses import dataclass

import numpy as np

from .depth_dataset import DepthDataset
from .transforms.load_depth import read_metres

#: Metres between which the median of real depth lies, from a table top to a street.
PLAUSIBLE = (0.1, 200.0)


def samples_without(dataset: DepthDataset, role: str) -> int:
    """How many samples have no file of a role.

    Args:
        dataset: The data set.
        role: ``depth``, ``structural``, ``object_mask`` or ``rgb``.
    """
    return sum(getattr(sample, f"{role}_path") is None for sample in dataset.samples)


@dataclass(frozen=True)
class DepthSurvey:
    """The depth of some samples.

    Attributes:
        looked_at: Samples that were read.
        without: Of them, those in which not one pixel is known.
        valid_share: Share of known pixels.
        median: Of the known depths, metres; NaN if none is known.
        inside: Share of the known depths inside the model's range.
    """

    looked_at: int
    without: int
    valid_share: float
    median: float
    inside: float


def survey_depth(
    dataset: DepthDataset, depth_range: tuple[float, float], number: int = 8
) -> DepthSurvey:
    """Read the depth of evenly spaced samples.

    Args:
        dataset: The data set; samples without a depth file are passed over.
        depth_range: What the model can say, metres.
        number: Most samples to read.
    """
    paths = [s.depth_path for s in dataset.samples if s.depth_path is not None]
    places = np.unique(np.linspace(0, len(paths) - 1, min(number, len(paths))))
    maps = [
        read_metres(paths[place], dataset.depth_scale) for place in places.astype(int)
    ]
    known = np.concatenate([depth[depth > 0] for depth in maps] or [np.empty(0)])
    low, high = depth_range
    return DepthSurvey(
        looked_at=len(maps),
        without=sum(not (depth > 0).any() for depth in maps),
        valid_share=len(known) / max(1, sum(depth.size for depth in maps)),
        median=float(np.median(known)) if len(known) else float("nan"),
        inside=float(np.mean((known >= low) & (known <= high))) if len(known) else 0.0,
    )


def implausible(survey: DepthSurvey, depth_scale: float) -> str | None:
    """What is wrong with the depth, in one line; None if nothing is.

    Args:
        survey: What was read.
        depth_scale: The data set's, for the advice.
    """
    if not survey.looked_at:
        return None
    if np.isnan(survey.median):
        return f"not one pixel of {survey.looked_at} depth files is known (above 0)"
    if not PLAUSIBLE[0] <= survey.median <= PLAUSIBLE[1]:
        return (
            f"the median depth is {survey.median:.3g} m with "
            f"depth_scale={depth_scale:g}; expected {PLAUSIBLE[0]:g} to "
            f"{PLAUSIBLE[1]:g} m: check what a metre is in "
            "the files (1000 for millimetres, 1 for metres)"
        )
    return None
