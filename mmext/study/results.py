"""What a study found: each arm with each seed, and beside the reference."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from mmext.evaluation.answers import Answers
from mmext.evaluation.bootstrap import crossed_bootstrap
from mmext.evaluation.confusion import Confusion, confusion
from mmext.evaluation.decision_rule import DecisionRule
from mmext.evaluation.paired_t import paired_t
from mmext.evaluation.precision_recall import PrecisionRecall, ScoreHistogram

from .cost import Cost
from .error_detection import ErrorDetection
from .findings import Comparison, Finding, adjusted_findings
from .questions import ENDPOINTS
from .stability import EpochScores
from .study_file import Study
from .training_facts import TrainingFacts

_RESAMPLES = 10_000


@dataclass(frozen=True)
class ArmScores:
    """One arm's answers on the test store, scored.

    Attributes:
        decision: How it decided.
        sums: (U, 3) TP, FP and FN of each scene.
        curve: Over a common shift of all thresholds; None if pixels are not decided
            one by one.
        val_iou: Of the decision, on the validation store.
        checkpoint: Name of the file with the weights.
        scenes: Names of the U scenes.
    """

    decision: DecisionRule
    sums: np.ndarray
    curve: PrecisionRecall | None
    val_iou: float
    checkpoint: str = ""
    scenes: Sequence[str] = ()

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
        stability: Of each arm that asks for it, a seed each.
        trainings: Of each training by name what its seeds' histories say.
        warnings: What its trainings warned of, a line each.
    """

    study: Study
    scores: dict[str, list[ArmScores]]
    costs: dict[str, Cost]
    detections: dict[str, list[ErrorDetection]] = field(default_factory=dict)
    stability: dict[str, list[EpochScores]] = field(default_factory=dict)
    trainings: TrainingFacts = field(default_factory=dict)
    warnings: Sequence[str] = ()

    @cached_property
    def reference(self) -> str:
        """The arm that the others are compared with."""
        return self.best_on_validation(self.study.reference)

    def best_on_validation(self, arms: Sequence[str]) -> str:
        """Of arms, the one with the highest validation IoU, a mean over seeds."""
        return max(arms, key=lambda arm: np.mean([s.val_iou for s in self.scores[arm]]))

    def curves(self, arm: str) -> list[PrecisionRecall]:
        """Precision–recall curves, by seed; none of decisions by components."""
        return [s.curve for s in self.scores[arm] if s.curve is not None]

    def matched(self, arm: str) -> list[float]:
        """The reference's precision at the arm's recall, by seed.

        NaN where the reference is not decided pixel by pixel or cannot reach it.
        """
        pairs = zip(self.scores[arm], self.scores[self.reference], strict=True)
        return [
            precision_at(other.curve, mine.counts.recall)
            if other.curve
            else float("nan")
            for mine, other in pairs
        ]

    @property
    def meets_at_equal_recall(self) -> bool:
        """Whether at least one arm can be compared with the reference at its recall."""
        others = [arm for arm in self.scores if arm != self.reference]
        return any(np.isfinite(self.matched(arm)).any() for arm in others)

    def compare(self, arm: str, against: str, endpoint: str = "iou") -> Comparison:
        """How an endpoint of one arm differs from another's."""
        score, _ = ENDPOINTS[endpoint]
        second, first = (self._sums(name, endpoint) for name in (arm, against))
        over_seeds = paired_t(score(first.sum(axis=1)), score(second.sum(axis=1)))
        return Comparison(
            over_seeds, crossed_bootstrap(first, second, score, _RESAMPLES)
        )

    def _sums(self, arm: str, endpoint: str) -> np.ndarray:
        """(S, U, 3) of the arm's seeds and the test scenes; (S, U, E, 3) of epochs."""
        if endpoint == "deviation":
            return np.stack([s.sums.swapaxes(0, 1) for s in self.stability[arm]])
        return np.stack([s.sums for s in self.scores[arm]])

    @cached_property
    def findings(self) -> list[Finding]:
        """The answers to the study's questions."""
        chosen = [
            (
                question,
                self.best_on_validation(question.arms),
                self.best_on_validation(question.rivals),
            )
            for question in self.study.questions
        ]
        return adjusted_findings(
            [
                (question, arm, against, self.compare(arm, against, question.endpoint))
                for question, arm, against in chosen
            ]
        )


def score_arm(
    answers: Answers, decision: DecisionRule, val_iou: float, checkpoint: str = ""
) -> ArmScores:
    """Decide and count.

    Args:
        answers: To the test store.
        decision: Chosen without it.
        val_iou: What it had on the validation store.
        checkpoint: Name of the file that answered.
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
    return ArmScores(
        decision, np.array(sums), curve, val_iou, checkpoint, answers.scene_names
    )


def precision_at(curve: PrecisionRecall, recall: float) -> float:
    """The precision of a method brought to a recall; NaN if out of its reach."""
    index = curve.at_recall(recall) if recall > 0 else None
    return float("nan") if index is None else float(curve.precision[index])
