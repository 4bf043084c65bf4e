"""What a training learned, as one tensor."""

from pathlib import Path

import torch

from mmext.inference.checkpoint import read_checkpoint


def weights(checkpoint: Path) -> torch.Tensor:
    """(N,) float64, all weights of a checkpoint one behind the other."""
    state = read_checkpoint(checkpoint)["state_dict"]
    return torch.cat([value.flatten().double() for value in state.values()])
