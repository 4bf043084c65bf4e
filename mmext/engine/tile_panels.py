"""Small pictures of a tile side by side: pixels, label, decision, errors."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL.ImageColor import getrgb

from mmext.inference.class_codes import BOTH, COLOURS, ERROR, GROWN, TARGET
from mmext.pixel_values import IGNORE, WAS_FN, WAS_FP
from mmext.raster.display import FN_COLOUR, FP_COLOUR

# Between panels, in pixels.
_GAP = 2
_GREY = (128, 128, 128)
_LABEL = {1: COLOURS[TARGET], IGNORE: _GREY}
_DECIDED = {code: COLOURS[code] for code in (TARGET, ERROR, BOTH, GROWN)}
_WRONG = {WAS_FN: getrgb(FN_COLOUR), WAS_FP: getrgb(FP_COLOUR), IGNORE: _GREY}


def label_panel(label: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 of a (H, W) label in {0, 1, 255}: white target, grey ignored."""
    return _painted(label, _LABEL)


def decision_panel(codes: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 of (H, W) class codes, in the colours of the maps."""
    return _painted(codes, _DECIDED)


def error_panel(codes: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 of (H, W) error codes: orange FN, pink FP, grey unknown."""
    return _painted(codes, _WRONG)


def wrong_codes(mask: np.ndarray, label: np.ndarray) -> np.ndarray:
    """(H, W) uint8 error codes of a (H, W) bool mask; none where nothing is known."""
    codes = np.zeros(label.shape, np.uint8)
    codes[(label == 1) & ~mask] = WAS_FN
    codes[(label == 0) & mask] = WAS_FP
    return codes


def outcome_panel(mask: np.ndarray, label: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 of a decision: white TP, orange FN, pink FP, grey ignored."""
    wrong = wrong_codes(mask, label)
    return np.where(wrong[..., None] > 0, error_panel(wrong), label_panel(label))


def side_by_side(panels: Sequence[np.ndarray]) -> np.ndarray:
    """Panels of one height in a row, with white gaps."""
    return _joined(panels, axis=1)


def stacked(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Rows of one width above each other, with white gaps."""
    return _joined(rows, axis=0)


def _painted(codes: np.ndarray, colours: Mapping[int, Sequence[int]]) -> np.ndarray:
    picture = np.zeros((*codes.shape, 3), np.uint8)
    for code, colour in colours.items():
        picture[codes == code] = colour[:3]
    return picture


def _joined(parts: Sequence[np.ndarray], axis: int) -> np.ndarray:
    shape = list(parts[0].shape)
    shape[axis] = _GAP
    gap = np.full(shape, 255, np.uint8)
    return np.concatenate([piece for part in parts for piece in (part, gap)][:-1], axis)
