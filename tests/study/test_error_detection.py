import numpy as np
import pytest
from scipy.special import expit

from mmext.evaluation.answers import SceneLogits
from mmext.study.error_detection import detect_errors


class Stand:
    def __init__(self, channels, logits, target):
        self.channels = channels
        self._scene = SceneLogits(np.asarray(logits, np.float32), target)

    def scenes(self):
        return iter([self._scene])


@pytest.fixture
def case():
    rng = np.random.default_rng(0)
    target = (rng.random((60, 50)) < 0.3).astype(np.uint8)
    target[:2] = 255
    first = rng.normal(0, 1, (1, 60, 50)) + 3 * (target == 1) - 1.5
    wrong = (first[0] > 0) != (target == 1)
    return rng, target, first, wrong


def test_a_detector_that_knows_all(case):
    rng, target, first, wrong = case
    second = np.stack([rng.normal(0, 1, target.shape), np.where(wrong, 9.0, -9.0)])
    found = detect_errors(
        Stand(("target",), first, target), Stand(("target", "error"), second, target)
    )
    assert found.areas["error channel"] == 1
    assert found.prevalence == pytest.approx(wrong[2:].mean())
    # Channel 0 is noise here: no better than chance.
    chance = found.prevalence
    assert found.areas["entropy of channel 0"] == pytest.approx(chance, abs=0.05)
    assert found.areas["entropy of stage 1"] > 2 * chance
    assert found.calibration_error < 0.001


def test_calibration_is_the_gap_between_said_and_seen(case):
    """A channel that always says 0.3 is off by 0.3 − prevalence."""
    _, target, first, wrong = case
    second = np.stack([first[0], np.full(target.shape, np.log(0.3 / 0.7))])
    found = detect_errors(
        Stand(("target",), first, target), Stand(("target", "error"), second, target)
    )
    said = float(expit(np.float32(np.log(0.3 / 0.7))))
    assert found.calibration_error == pytest.approx(said - wrong[2:].mean(), abs=1e-6)
    assert found.pixels.sum() == 58 * 50
