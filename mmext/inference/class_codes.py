"""One number per pixel: which channel said so."""

import numpy as np

NONE, TARGET, ERROR, BOTH, GROWN, NODATA = 0, 1, 2, 3, 4, 255
NAMES = {TARGET: "target", ERROR: "error", BOTH: "both"}
#: The paper's colours on a map (Ahn et al. 2025, Figure 11): RGBA.
COLOURS = {
    NONE: (0, 0, 0, 0),
    TARGET: (255, 255, 255, 255),
    ERROR: (226, 26, 28, 255),
    BOTH: (31, 90, 200, 255),
    # Not in the paper: what was grown around the three.
    GROWN: (255, 196, 0, 255),
    NODATA: (0, 0, 0, 0),
}


def class_codes(
    mask: np.ndarray, channels: dict[str, np.ndarray], valid: np.ndarray
) -> np.ndarray:
    """Codes of what was decided.

    Args:
        mask: (H, W) bool, the decided mask.
        channels: (H, W) bool by channel; ``target`` against all others.
        valid: (H, W) bool.

    Returns:
        (H, W) uint8: 0 none, 1 target, 2 another channel only, 3 both, 4 neither, but
        decided (grown), 255 no-data.
    """
    target = channels["target"]
    others = np.zeros_like(target)
    for name, channel in channels.items():
        if name != "target":
            others |= channel
    codes = target * np.uint8(TARGET) + others * np.uint8(ERROR)
    codes *= mask
    codes[mask & (codes == NONE)] = GROWN
    return codes if valid.all() else np.where(valid, codes, np.uint8(NODATA))
