"""How a scene is mapped."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PredictionSettings:
    """How a scene is mapped.

    Attributes:
        window: Largest side of what the network is given, in pixels.
        overlap: Pixels read around what is kept; None means the network's reach.
        flips: Average over the four mirror images of each window.
        float_probabilities: Store float32 instead of 250 steps in a byte.
        min_area: Smaller polygons are left out, in m².
        simplify: Tolerance in pixels; 0 keeps the pixels' edges.
        fill_holes: Close holes in polygons.
        where: Keep polygons for which this SQL condition on their columns holds.
        resample: Bring scenes to the training pixel size.
        spare_cut: Leave fields that reach the edge of the sheet or no-data as they are:
            their other part may be in the next sheet. They are cleaned, and judged by
            ``min_area`` and ``where``, when sheets are put together.
    """

    window: int = 512
    overlap: int | None = None
    flips: bool = False
    float_probabilities: bool = False
    min_area: float = 0.0
    simplify: float = 0.0
    fill_holes: bool = False
    where: str | None = None
    resample: bool = False
    spare_cut: bool = False
