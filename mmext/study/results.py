"""All that a study found, each arm beside the reference."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmext.evaluation.bootstrap import Interval, iou, paired_bootstrap

from .cost import Cost
from .error_detection import ErrorDetection
from .scores import ArmScores, precision_at
from .study_file import Study


@dataclass(frozen=True)
class Results:
    """All that a study found.

    Attributes:
        study: What was asked.
        scores: Of each arm, a seed each.
        costs: Of each arm.
        detections: Of each arm with an error channel, a seed each.
        warnings: What its trainings warned of, a line each.
    """

    study: Study
    scores: dict[str, list[ArmScores]]
    costs: dict[str, Cost]
    detections: dict[str, list[ErrorDetection]]
    warnings: Sequence[str] = ()

    def matched(self, arm: str) -> list[float]:
        """The reference's precision at the arm's recall, by seed.

        NaN where the reference is not decided pixel by pixel or cannot reach it.
        """
        pairs = zip(self.scores[arm], self.scores[self.study.reference], strict=True)
        return [
            precision_at(other.curve, mine.recall) if other.curve else float("nan")
            for mine, other in pairs
        ]

    def gain(self, arm: str) -> Interval:
        """Δ IoU to the reference, bootstrapped over the test store's scenes."""
        first, second = (
            np.stack([scores.sums for scores in self.scores[name]])
            for name in (self.study.reference, arm)
        )
        return paired_bootstrap(first, second, iou)
