"""What a depth loss may look at: two predictions and two targets."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mmext.errors import UserError
from mmext.structures.structural_space import StructuralSpace


@dataclass(frozen=True)
class DepthMaps:
    """A batch of depth maps, all (N, 1, H, W).

    Attributes:
        metric: Predicted depth in metres, > 0.
        structural: Predicted structural depth, known up to scale and shift.
        depth_target: True depth in metres, 0 where unknown; None if the data have
            none.
        structural_target: The teacher's map, > 0, 0 where it does not count; None
            if the data have none.
        structural_space: 'depth' or 'inverse_depth': what the structural maps are.
    """

    metric: Tensor
    structural: Tensor
    depth_target: Tensor | None = None
    structural_target: Tensor | None = None
    structural_space: StructuralSpace = "depth"

    def true_depth(self) -> Tensor:
        """The depth target.

        Raises:
            UserError: There is none.
        """
        return _target(self.depth_target, "gt_depth_map", "LoadDepth")

    def true_structure(self) -> Tensor:
        """The structural target.

        Raises:
            UserError: There is none.
        """
        return _target(self.structural_target, "gt_structural_map", "LoadStructural")


def valid_depth(target: Tensor) -> Tensor:
    """True where a target map holds a depth: finite and above 0."""
    return torch.isfinite(target) & (target > 0)


def _target(target: Tensor | None, name: str, transform: str) -> Tensor:
    if target is None:
        raise UserError(
            f"train_dataloader.dataset.pipeline: gives no {name}, a loss expects it: "
            f"add {transform} or remove the loss"
        )
    return target
