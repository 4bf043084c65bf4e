"""How good one arm is with one seed."""

from dataclasses import dataclass

import numpy as np

from mmext.evaluation.confusion import confusion
from mmext.evaluation.precision_recall import PrecisionRecall, ScoreHistogram

from .answers import Answers
from .decisions import Decision


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

    decision: Decision
    sums: np.ndarray
    curve: PrecisionRecall | None
    val_iou: float

    @property
    def total(self) -> np.ndarray:
        """(3,) TP, FP and FN of the whole store."""
        return self.sums.sum(axis=0)

    @property
    def recall(self) -> float:
        """Of the whole store; NaN without target."""
        tp, _, fn = self.total
        return float(tp / (tp + fn)) if tp + fn else float("nan")

    @property
    def precision(self) -> float:
        """Of the whole store; NaN if nothing is predicted."""
        tp, fp, _ = self.total
        return float(tp / (tp + fp)) if tp + fp else float("nan")


def score(answers: Answers, decision: Decision, val_iou: float) -> ArmScores:
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
