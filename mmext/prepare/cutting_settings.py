"""How scenes are cut; light, so that a command line can be read without rasterio."""

from typing import Annotated, Final, Literal

from cyclopts import Parameter
from pydantic import BeforeValidator, Field

from mmext.checked import Count, Share, settings

NODATA_FROM_FILE: Final = "auto"


def _none_for_text(value: object) -> object:
    """On a command line None is written 'none'."""
    return None if isinstance(value, str) and value.lower() == "none" else value


#: Bands of a raster, counted from 1; None means all but an alpha band.
Bands = Annotated[tuple[Count, ...], Field(min_length=1)] | None
#: Which pixels show nothing.
Nodata = Annotated[
    float | Literal["auto"] | None,
    BeforeValidator(_none_for_text),
    Parameter(show_choices=False),
]


@settings
class Cutting:
    """How scenes are cut.

    Attributes:
        tile_size: Side of a tile in pixels.
        stride: Pixels from one tile to the next (default: the tile's side).
        bands: Bands to take, counted from 1 (default: all but an alpha band).
        nodata: Value of pixels that show nothing: a number, auto for what the file
            says, or none where every pixel is valid.
        min_valid: Leave out tiles with a smaller share of valid pixels; those without
            any are always left out.
        by_pixel: Leave coordinate systems out: scenes of several fit into one store,
            its tiles lie in pixels, and label rasters belong to images row by row and
            column by column.
    """

    tile_size: Count = 256
    stride: Count | None = None
    bands: Bands = None
    nodata: Nodata = NODATA_FROM_FILE
    min_valid: Share = 0.0
    by_pixel: bool = False

    @property
    def step(self) -> int:
        """The stride in pixels."""
        return self.stride or self.tile_size
