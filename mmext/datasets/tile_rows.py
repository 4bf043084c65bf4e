"""What a tile store says of its tiles: a row for each, and what they are together."""

from dataclasses import dataclass
from typing import Any

import geopandas
import numpy as np
from shapely.geometry import Polygon

from mmext.pixel_values import IGNORE

from .band_statistics import BandStatistics
from .tile_store import POSITIVE_THRESHOLD


@dataclass(frozen=True)
class TileNumbers:
    """What is counted in a tile.

    Attributes:
        target: Pixels that are target.
        valid: Pixels that are not ignored.
        bands: Statistics over the valid pixels.
    """

    target: int
    valid: int
    bands: BandStatistics

    @classmethod
    def of(cls, image: np.ndarray, mask: np.ndarray) -> "TileNumbers":
        """Count in an image (H, W, C) and its mask (H, W) in {0, 1, 255}."""
        valid = mask != IGNORE
        # Most tiles lie inside their scene: nothing of them is left out.
        known = image.reshape(-1, image.shape[2]) if valid.all() else image[valid]
        bands = BandStatistics.of(known)
        return cls(int((mask == 1).sum()), int(valid.sum()), bands)

    def as_array(self) -> np.ndarray:
        """All of it as (2 + 4 C,) float64, which holds each number exactly."""
        of = self.bands
        return np.concatenate(
            [[self.target, self.valid], of.mean, of.squares, of.minimum, of.maximum]
        )

    @classmethod
    def from_array(cls, values: np.ndarray) -> "TileNumbers":
        """What :meth:`as_array` gave."""
        bands = BandStatistics((len(values) - 2) // 4)
        bands.count = int(values[1])
        bands.mean, bands.squares, bands.minimum, bands.maximum = values[2:].reshape(
            4, -1
        )
        return cls(int(values[0]), bands.count, bands)


class TileRows:
    """The rows of ``tiles.gpkg``, in tile order.

    Args:
        tile_size: Height and width of a tile in pixels.
        num_bands: Bands of a tile.
    """

    def __init__(self, tile_size: int, num_bands: int) -> None:
        self.tile_size = tile_size
        self.rows: list[dict[str, Any]] = []
        self.statistics = BandStatistics(num_bands)
        self._target, self._valid = 0, 0

    def __len__(self) -> int:
        return len(self.rows)

    def add(
        self,
        numbers: TileNumbers,
        scene: str,
        row_off: int,
        col_off: int,
        footprint: Polygon | None,
    ) -> None:
        """Add the next tile.

        Args:
            numbers: What was counted in it.
            scene: The scene's name.
            row_off: Row of the tile's first pixel in its scene.
            col_off: Column of it.
            footprint: The tile's outline in the store's CRS.
        """
        self.statistics.add(numbers.bands)
        self._target += numbers.target
        self._valid += numbers.valid
        self.rows.append(
            {
                "tile_id": len(self.rows),
                "scene": scene,
                "row_off": row_off,
                "col_off": col_off,
                "positive_fraction": numbers.target / max(numbers.valid, 1),
                "valid_fraction": numbers.valid / self.tile_size**2,
                "geometry": footprint,
            }
        )

    def together(self) -> dict[str, Any]:
        """What ``store.json`` says of all tiles."""
        shares = [row["positive_fraction"] for row in self.rows]
        return {
            **self.statistics.as_dict(),
            "num_tiles": len(self.rows),
            "positive_tiles": sum(share > POSITIVE_THRESHOLD for share in shares),
            "positive_share": self._target / max(self._valid, 1),
        }

    def table(self, crs: str | None) -> geopandas.GeoDataFrame:
        """All rows, in the store's CRS."""
        return geopandas.GeoDataFrame(self.rows, crs=crs)
