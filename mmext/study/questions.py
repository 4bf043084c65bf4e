"""What a study asks, and what it may answer."""

from typing import Literal

from mmext.checked import Positive, settings
from mmext.evaluation.bootstrap import Score, iou, iou_deviation

#: By endpoint, its score from sums, and whether more of it is better.
ENDPOINTS: dict[str, tuple[Score, bool]] = {
    "iou": (iou, True),
    "deviation": (iou_deviation, False),
}
#: A Holm-adjusted p below it decides.
SIGNIFICANCE = 0.05
Verdict = Literal["decided: better", "decided: worse", "no", "undecided"]


@settings
class Question:
    """A comparison that a study was made for.

    Attributes:
        name: The question in short.
        arm: The arm that it is about, or several, of which the one with the best mean
            validation IoU is taken.
        against: An arm, or several, likewise.
        endpoint: What is compared: ``'iou'`` of the decided mask on the test store, or
            ``'deviation'``, the standard deviation over the last epochs of the IoU
            there, decided as trained.
        margin: A difference below it would not matter.
    """

    name: str
    arm: str | tuple[str, ...]
    against: str | tuple[str, ...]
    endpoint: Literal["iou", "deviation"]
    margin: Positive

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms of ``arm``."""
        return (self.arm,) if isinstance(self.arm, str) else self.arm

    @property
    def rivals(self) -> tuple[str, ...]:
        """The arms of ``against``."""
        return (self.against,) if isinstance(self.against, str) else self.against
