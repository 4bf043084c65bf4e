"""Tiles at random places of images."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rasterio.windows import Window
from tqdm import tqdm

from mmext.location import Location

from .sampling_settings import Sampling
from .scenes import SceneFacts, SceneGrid, open_reader

#: So often places that show too little are replaced by others.
ROUNDS = 10


@dataclass(frozen=True)
class DrawnImage:
    """An image that tiles are drawn from.

    Attributes:
        name: Name in the store.
        path: The raster.
        facts: What it has in common with the others.
        grid: Its size; no side is smaller than a tile's.
    """

    name: str
    path: Location
    facts: SceneFacts
    grid: SceneGrid


@dataclass(frozen=True)
class DrawnTile:
    """A tile.

    Attributes:
        scene: The image's name.
        row: Of its first pixel in the image.
        column: Likewise.
        pixels: (H, W, C) in the image's dtype.
        valid: (H, W) bool.
    """

    scene: str
    row: int
    column: int
    pixels: np.ndarray
    valid: np.ndarray


class DrawnTiles:
    """Tiles inside images, each place of all images as likely, one after the other.

    Places are drawn with replacement. Those that show too little are left out, and
    others are drawn for them, in at most :data:`ROUNDS` rounds.

    Args:
        images: The images.
        sampling: How to draw.

    Attributes:
        empty: Places left out so far since none of their pixels is valid.
        few: Places left out so far since too few are.
    """

    def __init__(self, images: Sequence[DrawnImage], sampling: Sampling) -> None:
        self.images = images
        self.sampling = sampling
        self.empty, self.few = 0, 0

    def __iter__(self) -> Iterator[DrawnTile]:
        """As many tiles as are asked for, or as are found."""
        rng = np.random.default_rng(self.sampling.seed)
        missing = self.sampling.tiles
        with tqdm(desc="Drawing tiles", total=missing, unit="tile") as bar:
            for _ in range(ROUNDS):
                for tile in self._read(*self._places(rng, missing)):
                    missing -= 1
                    bar.update()
                    yield tile
                if not missing:
                    return

    def _places(
        self, rng: np.random.Generator, number: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(number,) each of image, row and column, in the order in which files lie."""
        last = self.sampling.tile_size - 1
        heights = np.array([image.grid.height - last for image in self.images])
        widths = np.array([image.grid.width - last for image in self.images])
        places = heights.astype(float) * widths
        chosen = rng.choice(len(places), number, p=places / places.sum())
        rows = rng.integers(0, heights[chosen])
        columns = rng.integers(0, widths[chosen])
        order = np.lexsort((columns, rows, chosen))
        return chosen[order], rows[order], columns[order]

    def _read(
        self, chosen: np.ndarray, rows: np.ndarray, columns: np.ndarray
    ) -> Iterator[DrawnTile]:
        size = self.sampling.tile_size
        for index in np.unique(chosen):
            image, here = self.images[index], chosen == index
            with open_reader(image.path, self.sampling.cutting) as reader:
                places = zip(rows[here].tolist(), columns[here].tolist(), strict=True)
                for row, column in places:
                    pixels, valid = reader.read(Window(column, row, size, size))
                    if self._keeps(valid):
                        moved = pixels.transpose(1, 2, 0)
                        yield DrawnTile(image.name, row, column, moved, valid)

    def _keeps(self, valid: np.ndarray) -> bool:
        """Whether a tile with these valid pixels, (H, W), is taken; counts others."""
        share = valid.mean()
        if share == 0:
            self.empty += 1
        elif share < self.sampling.min_valid:
            self.few += 1
        else:
            return True
        return False
