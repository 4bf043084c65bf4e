"""Whole polygons from a scene that is seen strip by strip."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import rasterio
import shapely
from shapely.geometry.base import BaseGeometry

from .outlines import connected_parts, label_outlines, place

_START = {"sum": 0.0, "min": np.inf, "max": -np.inf}
_GATHER = {"sum": np.add, "min": np.minimum, "max": np.maximum}


@dataclass
class _Piece:
    """What is known so far of one object; its geometries are in pixels."""

    geometries: list[BaseGeometry] = field(default_factory=list)
    pixels: int = 0
    values: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class StripObject:
    """A connected object.

    Attributes:
        geometry: Its outline along pixel edges, in the scene's CRS.
        pixels: Its size.
        values: By statistic what was gathered over its pixels.
    """

    geometry: BaseGeometry
    pixels: int
    values: dict[str, float]


class StripPolygonizer:
    """Collects objects while strips come in from top to bottom.

    Only objects that reach the last row seen are held; all others are final. So
    memory follows what crosses a line, not the scene.

    Args:
        transform: Pixel to CRS coordinates of the scene.
        statistics: By name the layer and what is gathered of it over an object:
            ``sum``, ``min`` or ``max``.
    """

    def __init__(
        self,
        transform: rasterio.Affine,
        statistics: Mapping[str, tuple[str, str]],
    ) -> None:
        self.transform = transform
        self.statistics = statistics
        self._row = 0
        self._last_labels: np.ndarray | None = None
        self._open: dict[int, _Piece] = {}

    def add(
        self, mask: np.ndarray, layers: Mapping[str, np.ndarray]
    ) -> list[StripObject]:
        """Take the next strip.

        Args:
            mask: (h, W) bool, the objects.
            layers: (h, W) by name, what the statistics are of.

        Returns:
            Objects that are complete.
        """
        labels, number = connected_parts(mask)
        pieces = self._pieces(labels, number, mask, layers)
        joined = self._join(labels, pieces)
        last = labels[-1]
        reaching = set(np.unique(last[last > 0]).tolist())
        groups: dict[int, list[int]] = {}
        for label in pieces:
            groups.setdefault(joined[label], []).append(label)
        still_open: dict[int, _Piece] = {}
        complete = []
        for root, members in groups.items():
            whole = pieces[root]
            for member in members:
                if member != root:
                    self._merge(whole, pieces[member])
            if reaching.isdisjoint(members):
                complete.append(whole)
            else:
                still_open[root] = whole
        self._renumber(still_open, joined, last)
        self._row += len(mask)
        return self._finish(complete)

    def finish(self) -> list[StripObject]:
        """The objects that reach the scene's last row."""
        complete, self._open = list(self._open.values()), {}
        return self._finish(complete)

    def _pieces(
        self,
        labels: np.ndarray,
        number: int,
        mask: np.ndarray,
        layers: Mapping[str, np.ndarray],
    ) -> dict[int, _Piece]:
        """Pieces of this strip by label, and the open ones by minus their label."""
        pieces = {-label: piece for label, piece in self._open.items()}
        if number == 0:
            return pieces
        of = labels[mask]
        pixels = np.bincount(of, minlength=number + 1)
        gathered = {}
        for name, (layer, how) in self.statistics.items():
            gathered[name] = np.full(number + 1, _START[how])
            _GATHER[how].at(gathered[name], of, layers[layer][mask].astype(float))
        for label in range(1, number + 1):
            values = {name: float(table[label]) for name, table in gathered.items()}
            pieces[label] = _Piece([], int(pixels[label]), values)
        found, outlines = label_outlines(labels)
        outlines = place(outlines, rasterio.Affine.translation(0, self._row))
        for label, outline in zip(found.tolist(), outlines, strict=True):
            pieces[label].geometries.append(outline)
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
            for upper, lower in self._touching(self._last_labels, labels[0]):
                parent[root(-upper)] = root(lower)
        return {label: root(label) for label in pieces}

    def _touching(self, above: np.ndarray, below: np.ndarray) -> list[list[int]]:
        """Pairs of labels that meet across the line."""
        pairs = np.stack([above, below])
        return np.unique(pairs[:, (pairs > 0).all(axis=0)], axis=1).T.tolist()

    def _merge(self, piece: _Piece, other: _Piece) -> None:
        piece.geometries += other.geometries
        piece.pixels += other.pixels
        for name, (_, how) in self.statistics.items():
            both = _GATHER[how](piece.values[name], other.values[name])
            piece.values[name] = float(both)

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

    def _finish(self, pieces: Sequence[_Piece]) -> list[StripObject]:
        # United in whole pixels, where the parts of two strips meet exactly.
        outlines = [
            shapely.union_all(piece.geometries)
            if len(piece.geometries) > 1
            else piece.geometries[0]
            for piece in pieces
        ]
        placed = place(np.array(outlines, object), self.transform)
        return [
            StripObject(outline, piece.pixels, piece.values)
            for outline, piece in zip(placed, pieces, strict=True)
        ]
