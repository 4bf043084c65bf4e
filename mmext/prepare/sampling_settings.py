"""How tiles are drawn for a pre-training; light, as :mod:`.cutting_settings`."""

from mmext.checked import Count, Index, Share, settings

from .cutting_settings import NODATA_FROM_FILE, Bands, Cutting, Nodata


@settings
class Sampling:
    """How tiles are drawn from images without labels.

    Attributes:
        tiles: How many tiles to draw.
        tile_size: Side of a tile in pixels.
        bands: Bands to take, counted from 1 (default: all but an alpha band).
        nodata: Value of pixels that show nothing: a number, auto for what the file
            says, or none where every pixel is valid.
        min_valid: Leave out tiles with a smaller share of valid pixels; those without
            any are always left out.
        seed: Where random numbers start: which places.
    """

    tiles: Count = 4096
    tile_size: Count = 256
    bands: Bands = None
    nodata: Nodata = NODATA_FROM_FILE
    min_valid: Share = 0.5
    seed: Index = 0

    @property
    def cutting(self) -> Cutting:
        """How an image is read; where on Earth it lies makes no difference."""
        return Cutting(
            self.tile_size,
            bands=self.bands,
            nodata=self.nodata,
            min_valid=self.min_valid,
            by_pixel=True,
        )
