"""Precision against recall: does a second stage beat another threshold?"""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from .predictions import STEPS, TestPredictions
from .style import CHANNEL0, STAGE1, STAGE2


@dataclass(frozen=True)
class PrecisionRecall:
    """A curve over thresholds from high to low.

    Attributes:
        threshold: (T,) in [0, 1].
        precision: (T,), 1 where nothing is predicted yet.
        recall: (T,), NaN if there is no target at all.
        area: Average precision: the sum of precision times the gain in recall.
    """

    threshold: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    area: float

    def at(self, threshold: float) -> tuple[float, float]:
        """Recall and precision of ``p > threshold``."""
        index = int(np.argmin(np.abs(self.threshold - threshold)))
        return float(self.recall[index]), float(self.precision[index])


def precision_recall(score: np.ndarray, target: np.ndarray) -> PrecisionRecall:
    """The curve of a score in 256 steps, exact at those.

    Args:
        score: uint8 of any shape, the probability times 255.
        target: The same shape, in {0, 1, 255}; 255 is left out.
    """
    positive = np.bincount(score[target == 1], minlength=STEPS + 1)[::-1].cumsum()
    negative = np.bincount(score[target == 0], minlength=STEPS + 1)[::-1].cumsum()
    predicted = positive + negative
    precision = np.where(predicted > 0, positive / np.maximum(predicted, 1), 1.0)
    total = positive[-1]
    recall = positive / total if total else np.full(STEPS + 1, np.nan)
    gains = np.diff(recall, prepend=0.0)
    return PrecisionRecall(
        # Entry i counts scores of at least 255 − i: p > (254.5 − i) / 255.
        threshold=(STEPS - 0.5 - np.arange(STEPS + 1)) / STEPS,
        precision=precision,
        recall=recall,
        area=float((precision * gains).sum()),
    )


def draw_curves(
    stage1: TestPredictions | None, stage2: TestPredictions | None
) -> tuple[Figure, dict[str, PrecisionRecall]]:
    """Stage 1, and of stage 2 channel 0 and the union, with their points at 0.5.

    The union's score is the highest of its channels': one threshold for both.

    Returns:
        The figure, and the curves by name.
    """
    curves, colours = {}, {}
    if stage1 is not None:
        scores = stage1.probability[:, 0]
        curves["stage 1"] = precision_recall(scores, stage1.store.masks)
        colours["stage 1"] = STAGE1
    if stage2 is not None:
        masks = stage2.store.masks
        curves["stage 2, channel 0"] = precision_recall(stage2.probability[:, 0], masks)
        colours["stage 2, channel 0"] = CHANNEL0
        union = stage2.probability.max(axis=1)
        curves["stage 2, union"] = precision_recall(union, masks)
        colours["stage 2, union"] = STAGE2
    figure = Figure(figsize=(5.2, 4.2), layout="constrained")
    axes = figure.subplots()
    for name, curve in curves.items():
        label = f"{name} (area {curve.area:.3f})"
        axes.plot(curve.recall, curve.precision, color=colours[name], label=label)
        axes.plot(*curve.at(0.5), "o", color=colours[name])
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.set_title("Test pixels, all thresholds; dots at 0.5")
    axes.legend(loc="lower left")
    return figure, curves
