"""Growing what was decided."""

import numpy as np


def grow(mask: np.ndarray, pixels: int, valid: np.ndarray | None = None) -> np.ndarray:
    """Grow a mask, corner neighbours in every second step.

    What is grown hangs together with what it grew from by pixels' edges, and depends on
    nothing farther away than ``pixels`` rows and columns.

    Args:
        mask: (…, H, W) bool; images of a batch don't grow into one another.
        pixels: How many steps, 0 for none.
        valid: (…, H, W) bool, where there are data: growth does not enter or cross what
            has none, nor begin there.

    Returns:
        (…, H, W) bool.
    """
    grown = mask if valid is None else mask & valid
    for step in range(pixels):
        grown = grow_once(grown, step, valid)
    return grown


def grow_once(
    mask: np.ndarray, step: int, valid: np.ndarray | None = None
) -> np.ndarray:
    """One step of growing: every second one takes corner neighbours along.

    Args:
        mask: (…, H, W) bool.
        step: Number of the step, from 0.
        valid: As in :func:`grow`.

    Returns:
        (…, H, W) bool.
    """
    beside, below = mask.copy(), mask.copy()
    beside[..., 1:] |= mask[..., :-1]
    beside[..., :-1] |= mask[..., 1:]
    below[..., 1:, :] |= mask[..., :-1, :]
    below[..., :-1, :] |= mask[..., 1:, :]
    if valid is not None:
        beside, below = beside & valid, below & valid
    wider = beside | below
    if step % 2:
        # A corner is reached over either of the two pixels between.
        wider[..., 1:, :] |= beside[..., :-1, :]
        wider[..., :-1, :] |= beside[..., 1:, :]
        wider[..., 1:] |= below[..., :-1]
        wider[..., :-1] |= below[..., 1:]
        if valid is not None:
            wider &= valid
    return wider
