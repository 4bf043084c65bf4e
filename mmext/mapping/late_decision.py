"""What of a scene's decision is known only when its last row has come."""

from collections.abc import Mapping

import numpy as np
from rasterio.windows import Window
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mmext.inference.class_codes import GROWN, NODATA, NONE
from mmext.models.decoders.growth import grow
from mmext.models.decoders.union_decoder import UnionDecoder
from mmext.raster.outlines import connected_parts
from mmext.raster.strip_raster import StripRaster

#: Of a component: its highest probability, whether a pixel is in the target channel,
#: whether it reaches the edge of the sheet or no-data.
_GATHERED = ("probability", "target", "cut")


class LateDecision:
    """Leaves components out of a class raster and grows what remains.

    The raster is read and written strip by strip, so that of a scene only some rows are
    in memory, and some bytes for each component.

    Args:
        decoder: Decides by components, or grows.
        classes: Codes of what is decided pixel by pixel.
        spare_cut: Whether components that may go on in another sheet stay.
    """

    def __init__(
        self, decoder: UnionDecoder, classes: StripRaster, spare_cut: bool
    ) -> None:
        self.decoder = decoder
        self.classes = classes
        self.spare_cut = spare_cut
        self.strips: list[Window] = []
        # Pieces are the components of single strips, numbered over all of them.
        self._first_piece = [0]
        self._values: dict[str, list[np.ndarray]] = {name: [] for name in _GATHERED}
        self._joins: list[np.ndarray] = []
        self._last_row: np.ndarray | None = None

    def add(
        self, strip: Window, mask: np.ndarray, layers: Mapping[str, np.ndarray]
    ) -> None:
        """Take the next strip of finished rows, from top to bottom.

        Args:
            strip: Where it lies.
            mask: (h, W) bool, what is decided of its pixels.
            layers: (h, W) by name: ``probability``, of the highest channel, ``target``
                and ``cut``.
        """
        self.strips.append(strip)
        if not self.decoder.by_components:
            return
        labels, number = connected_parts(mask)
        for name, values in self._values.items():
            highest = np.zeros(number + 1, layers[name].dtype)
            np.maximum.at(highest, labels[mask], layers[name][mask])
            values.append(highest[1:])
        first = self._first_piece[-1]
        self._first_piece.append(first + number)
        pieces = np.where(labels > 0, labels + np.int64(first - 1), -1)
        if self._last_row is not None:
            pairs = np.stack([self._last_row, pieces[0]])
            self._joins.append(np.unique(pairs[:, (pairs >= 0).all(axis=0)], axis=1))
        self._last_row = pieces[-1]

    def finish(self) -> int:
        """Make the raster that of the whole decision, when all strips have come.

        Returns:
            How many components were left out.
        """
        left_out = self._leave_out() if self.decoder.by_components else 0
        if self.decoder.grow:
            self._grow()
        return left_out

    def _leave_out(self) -> int:
        pieces = self._first_piece[-1]
        first, second = np.concatenate([np.zeros((2, 0), int), *self._joins], axis=1)
        joined = np.ones(len(first), np.int8), (first, second)
        number, of = connected_components(
            coo_array(joined, shape=(pieces, pieces)), directed=False
        )
        values = {name: np.concatenate(parts) for name, parts in self._values.items()}
        highest = {name: np.zeros(number, part.dtype) for name, part in values.items()}
        for name, part in values.items():
            np.maximum.at(highest[name], of, part)
        counts = np.array(
            [
                self.decoder.keeps(bool(target), float(probability))
                for probability, target in zip(
                    highest["probability"], highest["target"], strict=True
                )
            ],
            bool,
        )
        if self.spare_cut:  # The target may be in its other part.
            counts |= highest["cut"]
        for strip, first_piece in zip(self.strips, self._first_piece[:-1], strict=True):
            codes = self.classes.read(strip)
            labels, within = connected_parts((codes[0] != NONE) & (codes[0] != NODATA))
            # Label 0 is no component and stays.
            dropped = np.zeros(within + 1, bool)
            dropped[1:] = ~counts[of[first_piece : first_piece + within]]
            codes[0, dropped[labels]] = NONE
            self.classes.write(codes, strip)
        return int((~counts).sum())

    def _grow(self) -> None:
        pixels, raster = self.decoder.grow, self.classes.raster
        above = np.zeros((0, raster.width), np.uint8)
        for strip in self.strips:
            codes = self.classes.read(strip)
            end = strip.row_off + strip.height
            rows = min(pixels, raster.height - end)
            parts = [above, codes[0]]
            if rows:
                parts.append(self.classes.read(Window(0, end, raster.width, rows))[0])
            around = np.concatenate(parts)
            valid = around != NODATA
            grown = grow((around != NONE) & valid, pixels, valid)
            grown = grown[len(above) : len(above) + strip.height]
            # The next strip grows from what was decided, not from what has grown.
            above = np.concatenate([above, codes[0]])[-pixels:]
            codes[0, grown & (codes[0] == NONE)] = GROWN
            self.classes.write(codes, strip)
