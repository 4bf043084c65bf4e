"""Components of a mask that hold a pixel of another."""

import numpy as np
import torch
from scipy.ndimage import label
from torch import Tensor

# Neighbours within an image, none across the batch.
_FOUR_CONNECTED = np.zeros((3, 3, 3), bool)
_FOUR_CONNECTED[1] = [[0, 1, 0], [1, 1, 1], [0, 1, 0]]


def touching(mask: Tensor, core: Tensor) -> Tensor:
    """The 4-connected components of ``mask`` with a pixel of ``core`` in them.

    This is hysteresis thresholding (Canny 1986, section VIII) with two masks in the
    place of two thresholds. It runs on the CPU.

    Args:
        mask: (N, H, W) bool.
        core: (N, H, W) bool.

    Returns:
        (N, H, W) bool, on the device of ``mask``.
    """
    members = mask.cpu().numpy()
    labels, number = label(members, _FOUR_CONNECTED)
    kept = np.zeros(number + 1, bool)
    kept[labels[members & core.cpu().numpy()]] = True
    return torch.from_numpy(kept[labels]).to(mask.device)
