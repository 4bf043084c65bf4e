"""Answers to a study's questions, as its rules of evidence have them."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmext.evaluation.bootstrap import Interval
from mmext.evaluation.paired_t import PairedT, holm

from .questions import ENDPOINTS, SIGNIFICANCE, Question, Verdict


@dataclass(frozen=True)
class Comparison:
    """An arm's endpoint minus another's, a mean over seeds.

    Attributes:
        over_seeds: With Student's t interval over seeds.
        crossed: With the bootstrap interval over seeds and test scenes together.
    """

    over_seeds: PairedT
    crossed: Interval


@dataclass(frozen=True)
class Finding:
    """What a question's comparison came to.

    Attributes:
        question: The question.
        arm: The arm that it is about: of several the best on validation.
        against: The arm that was compared with, likewise.
        comparison: ``arm`` minus ``against``.
        adjusted_p: Holm-adjusted over the study's questions.
    """

    question: Question
    arm: str
    against: str
    comparison: Comparison
    adjusted_p: float

    @property
    def verdict(self) -> Verdict:
        """Decided, no difference that matters, or undecided."""
        both = (self.comparison.over_seeds, self.comparison.crossed)
        above = all(interval.low > 0 for interval in both)
        below = all(interval.high < 0 for interval in both)
        if self.adjusted_p < SIGNIFICANCE and (above or below):
            _, more_is_better = ENDPOINTS[self.question.endpoint]
            return "decided: better" if above == more_is_better else "decided: worse"
        margin = self.question.margin
        if all(-margin < i.low and i.high < margin for i in both):
            return "no"
        return "undecided"


def adjusted_findings(
    compared: Sequence[tuple[Question, str, str, Comparison]],
) -> list[Finding]:
    """Findings of all questions of a study, which are one family of tests.

    Args:
        compared: Each question, its arm, the one that was compared with, and the
            comparison.
    """
    p_values = holm([comparison.over_seeds.p for *_, comparison in compared])
    return [
        Finding(*parts, float(p)) for parts, p in zip(compared, p_values, strict=True)
    ]
