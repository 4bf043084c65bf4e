"""What a study found: each arm with each seed, and beside the reference."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmext.evaluation.bootstrap import Interval, iou, paired_bootstrap
from mmext.evaluation.confusion import Confusion, confusion
from mmext.evaluation.precision_recall import PrecisionRecall, ScoreHistogram

from .answers import Answers
from .cost import Cost
from .decisions import DecisionRule
from .error_detection import ErrorDetection
from .study_file import Study


@dataclass(frozen=True)
class ArmScores:
    """One arm's answers on the test store, scored.

    Attributes:
        decision: How it decided.
        sums: (U, 3) TP, FP and FN of each scene.
        curve: Over a common shift of all thresholds; None if pixels are not decided
            one by one.
        val_iou: Of the decision, on the validation store.
    """

    decision: DecisionRule
    sums: np.ndarray
    curve: PrecisionRecall | None
    val_iou: float

    @property
    def counts(self) -> Confusion:
        """Of the whole store; TN are not counted."""
        return Confusion(*self.sums.sum(axis=0).tolist())


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
            precision_at(other.curve, mine.counts.recall)
            if other.curve
            else float("nan")
            for mine, other in pairs
        ]

    def gain(self, arm: str) -> Interval:
        """Δ IoU to the reference, bootstrapped over the test store's scenes."""
        first, second = (
            np.stack([scores.sums for scores in self.scores[name]])
            for name in (self.study.reference, arm)
        )
        return paired_bootstrap(first, second, iou)


def score_arm(answers: Answers, decision: DecisionRule, val_iou: float) -> ArmScores:
    """Decide and count.

    Args:
        answers: To the test store.
        decision: Chosen without it.
        val_iou: What it had on the validation store.
    """
    sums, histogram = [], ScoreHistogram()
    pixelwise = True
    for scene in answers.scenes():
        counts = confusion(decision.mask(scene, answers.channels), scene.target)
        sums.append((counts.tp, counts.fp, counts.fn))
        values = decision.score(scene.logits, answers.channels)
        if values is None:
            pixelwise = False
        else:
            histogram.add(values.astype(np.float16), scene.target)
    curve = histogram.curve() if pixelwise else None
    return ArmScores(decision, np.array(sums), curve, val_iou)


def precision_at(curve: PrecisionRecall, recall: float) -> float:
    """The precision of a method brought to a recall; NaN if out of its reach."""
    index = curve.at_recall(recall) if recall > 0 else None
    return float("nan") if index is None else float(curve.precision[index])
