"""The crops that depth is usually scored in."""

from collections.abc import Sequence

import numpy as np

from mmext.errors import UserError

#: Rows and columns that count, as shares of the size: first row, last row, first
#: column, last column. NYU's is 45:471, 41:601 of 480 × 640.
CROPS: dict[str, tuple[float, float, float, float]] = {
    "garg": (0.40810811, 0.99189189, 0.03594771, 0.96405229),
    "eigen": (0.3324324, 0.91351351, 0.0359477, 0.96405229),
    "nyu": (45 / 480, 471 / 480, 41 / 640, 601 / 640),
}


def check_crop(crop: str | Sequence[float] | None) -> None:
    """Refuse a crop that is none.

    Raises:
        UserError: The name is unknown, or the shares are no rectangle in [0, 1].
    """
    if crop is None:
        return
    if isinstance(crop, str):
        if crop not in CROPS:
            raise UserError(
                f"crop: is {crop!r}, expected None, one of {', '.join(CROPS)}, or "
                "four shares (top, bottom, left, right)"
            )
        return
    shares = tuple(crop)
    if len(shares) != 4 or not (
        0 <= shares[0] < shares[1] <= 1 and 0 <= shares[2] < shares[3] <= 1
    ):
        raise UserError(
            f"crop: is {shares}, expected shares top < bottom and left < right in "
            "0 to 1"
        )


def crop_mask(shape: tuple[int, int], crop: str | Sequence[float] | None) -> np.ndarray:
    """Which pixels of an image count.

    Args:
        shape: (H, W).
        crop: A name from :data:`CROPS`, four shares (top, bottom, left, right), or
            None for all. Bounds are rounded down to whole pixels.

    Returns:
        (H, W) bool.
    """
    check_crop(crop)
    mask = np.zeros(shape, dtype=bool)
    if crop is None:
        return ~mask
    top, bottom, left, right = CROPS[crop] if isinstance(crop, str) else crop
    # Whole products such as 45 must not come out as 44.999….
    rows = [int(share * shape[0] + 1e-6) for share in (top, bottom)]
    columns = [int(share * shape[1] + 1e-6) for share in (left, right)]
    mask[rows[0] : rows[1], columns[0] : columns[1]] = True
    return mask
