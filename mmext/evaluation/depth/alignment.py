"""Bringing a prediction to the truth's scale before it is scored."""

import numpy as np


def median_ratio(prediction: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> float:
    """What a prediction is multiplied by in median scaling.

    median(d) / median(p) over the valid pixels of one image (Zhou et al. 2017,
    section 4.1).

    Args:
        prediction: (H, W) metres, > 0.
        truth: (H, W) metres.
        mask: (H, W) bool, True where the truth counts.

    Returns:
        The ratio; 1 where nothing counts.
    """
    if not mask.any():
        return 1.0
    return float(np.median(truth[mask]) / np.median(prediction[mask]))


def least_squares_alignment(
    values: np.ndarray, truth: np.ndarray, mask: np.ndarray
) -> np.ndarray:
    """A structural map at the truth's scale and shift.

    s · values + t with the s, t that minimise Σ (s v + t − d)² over the valid pixels
    (Ranftl et al. 2020, equations 3 and 4), for showing and scoring structural depth.

    Args:
        values: (H, W), any scale and shift.
        truth: (H, W), in the space of ``values``: depth or inverse depth.
        mask: (H, W) bool, True where the truth counts.

    Returns:
        (H, W) float64. A flat map becomes the mean of the truth, and one without
        valid pixels stays as it is.
    """
    values = values.astype(np.float64)
    if not mask.any():
        return values
    v, d = values[mask], truth[mask].astype(np.float64)
    variance = v.var()
    scale = ((v - v.mean()) * (d - d.mean())).mean() / variance if variance else 0.0
    return scale * (values - v.mean()) + d.mean()
