import numpy as np
import pytest

from mmext.errors import UserError
from mmext.reporting.segmentation import EpochWindow

EPOCHS = np.array([1, 2, 3, 5, 8])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":", [1, 2, 3, 5, 8]),
        ("2", [5, 8]),
        ("99", [1, 2, 3, 5, 8]),
        ("2:5", [2, 3, 5]),
        ("3:", [3, 5, 8]),
        (":3", [1, 2, 3]),
        ("9:12", []),
    ],
)
def test_epochs_in_a_window(text, expected):
    assert EpochWindow.parse(text).select(EPOCHS).tolist() == expected


@pytest.mark.parametrize("text", ["0", "-3", "5:2", "a:b", "1:2:3", ""])
def test_anything_else_is_refused(text):
    with pytest.raises(UserError, match="--epochs"):
        EpochWindow.parse(text)
