"""What a structural depth map is proportional to, up to a shift."""

from typing import Literal

#: Larger is farther, or larger is nearer.
StructuralSpace = Literal["depth", "inverse_depth"]
