"""How a scene is mapped; light, so that a command line can be read without torch."""

from typing import Annotated, Literal

from cyclopts import Parameter
from pydantic import Field

from mmext.checked import Index, NotNegative, settings

#: What runs the network.
Backend = Literal["auto", "eager", "compile", "onnxruntime", "openvino"]

#: What convolutions compute in; 16 bits only on a GPU.
Precision = Literal["fp32", "bf16", "fp16"]

#: Of the objects over many sheets: GeoPackage, FlatGeobuf or GeoParquet.
VectorFormat = Literal["gpkg", "fgb", "parquet"]


@settings
class PredictionSettings:
    """How a scene is mapped.

    Attributes:
        window: Side of the squares that the network is given, in pixels.
        overlap: Pixels read around what is kept of a window (default: the network's
            reach).
        flips: Average over the four mirror images.
        float_probabilities: Store probabilities as float32 instead of 250 steps in a
            byte.
        min_area: Leave out smaller objects, in m².
        simplify: Simplify outlines, with this tolerance in pixels; 0 keeps the pixels'
            edges.
        fill_holes: Close holes in objects.
        where: Keep objects for which this SQL condition on their columns holds.
        resample: Bring scenes to the pixel size of the training.
        spare_cut: Don't change objects that reach the edge of the sheet or no-data:
            their other part may be in the next sheet. They are cleaned, and judged by
            ``min_area`` and ``where``, when sheets are put together.
    """

    window: Annotated[int, Field(ge=1, le=65536)] = 512
    overlap: Index | None = None
    flips: Annotated[bool, Parameter(name="--tta")] = False
    float_probabilities: Annotated[bool, Parameter(name="--float")] = False
    min_area: NotNegative = 0.0
    simplify: NotNegative = 0.0
    fill_holes: bool = False
    where: Annotated[str, Field(min_length=1)] | None = None
    resample: bool = False
    spare_cut: Annotated[bool, Parameter(parse=False)] = False
