"""Whether objects are correct as often as a map says."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmext.evaluation.bootstrap import Interval
from mmext.evaluation.calibration import calibration_interval, reliability
from mmext.mapping.object_table import CORRECT

#: What is said of objects: fitted, and as the network has it.
SCORES = (CORRECT, "max_prob", "mean_prob")
#: Fewer scenes are no sample of scenes: objects are drawn then.
_LEAST_SCENES = 10


@dataclass(frozen=True)
class Judgement:
    """How far what a map says of its objects is from what is so.

    Attributes:
        scores: Columns of the map, the fitted probability first.
        objects: How many were judged.
        errors: Expected calibration error of each score, and of the first minus the
            last.
        drawn: What the intervals draw, ``scenes`` or ``objects``.
        bins: By score, what the errors are made of.
    """

    scores: tuple[str, ...]
    objects: int
    errors: list[Interval]
    drawn: str
    bins: dict[str, list[dict[str, float]]]

    @property
    def table(self) -> pd.DataFrame:
        """A row for each score, then the difference."""
        names = [*self.scores, f"{self.scores[0]} - {self.scores[-1]}"]
        return pd.DataFrame(
            {
                "score": names,
                "objects": self.objects,
                "calibration_error": [error.value for error in self.errors],
                "low": [error.low for error in self.errors],
                "high": [error.high for error in self.errors],
                "drawn": self.drawn,
            }
        )

    @property
    def bin_table(self) -> pd.DataFrame:
        """A row for each bin of each score."""
        rows = [
            {"score": score, **row} for score, bins in self.bins.items() for row in bins
        ]
        columns = ["score", "objects", "probability", "correct"]
        return pd.DataFrame(rows, columns=columns)


def judge(said: pd.DataFrame, correct: np.ndarray) -> Judgement | None:
    """Compare what a map says of its objects with what is so.

    Args:
        said: The objects' columns.
        correct: (N,) bool.

    Returns:
        None of a map that doesn't say how likely its objects are correct.
    """
    if CORRECT not in said or not len(said) or said[CORRECT].isna().any():
        return None
    scores = tuple(name for name in SCORES if name in said)
    scenes = said["scene"].astype(str) if "scene" in said else pd.Series(dtype=str)
    by_scene = scenes.nunique() >= _LEAST_SCENES
    units = scenes.to_numpy() if by_scene else np.arange(len(said))
    values = np.stack([said[name].to_numpy(float) for name in scores])
    return Judgement(
        scores,
        len(said),
        calibration_interval(values, correct, units),
        "scenes" if by_scene else "objects",
        {
            name: reliability(of, correct)
            for name, of in zip(scores, values, strict=True)
        },
    )
