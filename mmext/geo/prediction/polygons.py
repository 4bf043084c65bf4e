"""Whole polygons from a scene that is seen strip by strip."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import rasterio
import shapely
from rasterio.features import shapes
from scipy import ndimage
from shapely.geometry import shape as to_geometry
from shapely.geometry.base import BaseGeometry

from .class_codes import BOTH, ERROR, NAMES, NODATA, NONE, TARGET


@dataclass
class _Piece:
    """What is known so far of one object."""

    geometries: list[BaseGeometry] = field(default_factory=list)
    pixels: int = 0
    total: float = 0.0
    highest: float = 0.0
    target: bool = False
    error: bool = False

    def add(self, other: "_Piece") -> None:
        self.geometries += other.geometries
        self.pixels += other.pixels
        self.total += other.total
        self.highest = max(self.highest, other.highest)
        self.target |= other.target
        self.error |= other.error


@dataclass(frozen=True)
class MappedObject:
    """A predicted field.

    Attributes:
        geometry: Its outline along pixel edges, in the scene's CRS.
        pixels: Its size.
        mean_prob: Mean over its pixels of the highest channel's probability.
        max_prob: Highest probability in it.
        source: ``target``, ``error`` or ``both``: which channels said so.
    """

    geometry: BaseGeometry
    pixels: int
    mean_prob: float
    max_prob: float
    source: str


class StripPolygonizer:
    """Collects objects, 4-connected, while strips come in from top to bottom.

    Only objects that reach the last row seen are held; all others are final. So
    memory follows what crosses a line, not the scene.

    Args:
        transform: Pixel to CRS coordinates of the scene.
    """

    def __init__(self, transform: rasterio.Affine) -> None:
        self.transform = transform
        self._row = 0
        self._last_labels: np.ndarray | None = None
        self._open: dict[int, _Piece] = {}

    def add(self, codes: np.ndarray, probability: np.ndarray) -> Iterator[MappedObject]:
        """Take the next strip.

        Args:
            codes: (h, W) class codes.
            probability: (h, W) float, of the highest channel.

        Yields:
            Objects that are complete.
        """
        labels, number = ndimage.label((codes != NONE) & (codes != NODATA))
        pieces = self._pieces(labels, number, codes, probability)
        joined = self._join(labels, pieces)
        last = labels[-1]
        reaching = set(np.unique(last[last > 0]).tolist())
        groups: dict[int, list[int]] = {}
        for label in pieces:
            groups.setdefault(joined[label], []).append(label)
        still_open: dict[int, _Piece] = {}
        for root, members in groups.items():
            whole = pieces[root]
            for member in members:
                if member != root:
                    whole.add(pieces[member])
            if reaching.isdisjoint(members):
                yield _finish(whole)
            else:
                still_open[root] = whole
        self._renumber(still_open, joined, last)
        self._row += len(codes)

    def finish(self) -> Iterator[MappedObject]:
        """The objects that reach the scene's last row."""
        for piece in self._open.values():
            yield _finish(piece)
        self._open = {}

    def _pieces(
        self,
        labels: np.ndarray,
        number: int,
        codes: np.ndarray,
        probability: np.ndarray,
    ) -> dict[int, _Piece]:
        """Pieces of this strip by label, and the open ones by minus their label."""
        pieces = {-label: piece for label, piece in self._open.items()}
        if number == 0:
            return pieces
        inside = labels > 0
        of, value = labels[inside], probability[inside]
        code = codes[inside]
        pixels = np.bincount(of, minlength=number + 1)
        total = np.bincount(of, weights=value, minlength=number + 1)
        highest = ndimage.maximum(probability, labels, np.arange(number + 1))
        target = np.bincount(of, (code == TARGET) | (code == BOTH), number + 1) > 0
        error = np.bincount(of, (code == ERROR) | (code == BOTH), number + 1) > 0
        for label in range(1, number + 1):
            pieces[label] = _Piece(
                [],
                int(pixels[label]),
                float(total[label]),
                float(highest[label]),
                bool(target[label]),
                bool(error[label]),
            )
        shifted = self.transform * rasterio.Affine.translation(0, self._row)
        for geometry, label in shapes(labels.astype(np.int32), inside, 4, shifted):
            pieces[int(label)].geometries.append(to_geometry(geometry))
        return pieces

    def _join(self, labels: np.ndarray, pieces: dict[int, _Piece]) -> dict[int, int]:
        """Root of each piece, after joining across the line between two strips."""
        parent = {label: label for label in pieces}

        def root(label: int) -> int:
            while parent[label] != label:
                parent[label] = parent[parent[label]]
                label = parent[label]
            return label

        if self._last_labels is not None:
            above, below = self._last_labels, labels[0]
            touching = (above > 0) & (below > 0)
            pairs = np.unique(np.stack([above[touching], below[touching]]), axis=1)
            for upper, lower in pairs.T.tolist():
                parent[root(-upper)] = root(lower)
        return {label: root(label) for label in pieces}

    def _renumber(
        self, still_open: dict[int, _Piece], joined: dict[int, int], last: np.ndarray
    ) -> None:
        """Give the open objects new numbers, and the last row those numbers."""
        new = {root: index for index, root in enumerate(still_open, start=1)}
        self._open = {new[root]: piece for root, piece in still_open.items()}
        table = np.zeros(int(last.max(initial=0)) + 1, np.int64)
        for label in np.unique(last[last > 0]).tolist():
            table[label] = new[joined[label]]
        self._last_labels = table[last]


def _finish(piece: _Piece) -> MappedObject:
    code = TARGET * piece.target + ERROR * piece.error
    return MappedObject(
        geometry=shapely.union_all(piece.geometries),
        pixels=piece.pixels,
        mean_prob=piece.total / piece.pixels,
        max_prob=piece.highest,
        source=NAMES[code],
    )
