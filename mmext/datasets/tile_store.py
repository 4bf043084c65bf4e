"""The one form in which training data lies on disk."""

import functools
import os
from typing import Any

import geopandas
import numpy as np
import pyproj

from mmext.checked import read_json
from mmext.errors import UserError, one_line
from mmext.fileio import open_array
from mmext.fileio.leftovers import sweep
from mmext.location import here
from mmext.pixel_values import IGNORE

from .band_statistics import BandStatistics
from .store_checks import SHARES, file_states, fingerprint, shares, tile_digest
from .store_record import StoreRecord
from .tile_table import read_tiles

FORMAT = 1
#: What a mask may hold: background, target, ignored.
LABELS = (0, 1, IGNORE)
POSITIVE_THRESHOLD = 0.001
FILES = ("images.npy", "masks.npy", "tiles.gpkg", "store.json")


class TileStore:
    """Tiles of image and mask, memory-mapped.

    The files are described in ``docs/architecture.md``, "The tile store"; they are
    written by :mod:`mmext.prepare`. A store can be pickled: each process opens its own
    maps.

    Args:
        path: The store's folder.

    Raises:
        UserError: A file is missing, or they do not fit together.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = here(path, "a tile store")
        if not self.path.exists() and self.path.parent.is_dir():
            # A process may have died while it replaced the store.
            sweep(self.path.parent)
        for name in FILES:
            if not (self.path / name).is_file():
                raise UserError(
                    f"{self.path}: not a tile store, has no {name}; make one with "
                    "'mmext prepare'"
                )
        self.meta: StoreRecord = read_json(self.path / "store.json", StoreRecord)
        self._refuse_contradictions()
        # Opened here, so that files that don't fit are refused before any work.
        assert len(self.images) == len(self.masks)

    def _refuse_contradictions(self) -> None:
        where, bands = self.path / "store.json", len(self.meta["bands"])
        for name in ("band_indexes", "mean", "std", "min", "max"):
            found = len(self.meta[name])
            if found != bands or not bands:
                raise UserError(
                    f"{where}.{name}: has {found} values, expected one for each of "
                    f"{bands} bands"
                )
        for name, scene in self.meta["scenes"].items():
            if len(scene["transform"]) < 6:
                raise UserError(
                    f"{where}.scenes.{name}.transform: has {len(scene['transform'])} "
                    "values, expected 6"
                )
        if self.meta["crs"] is not None:
            try:
                pyproj.CRS.from_user_input(self.meta["crs"])
            except pyproj.exceptions.CRSError as error:
                raise UserError(
                    f"{where}.crs: is no coordinate system ({one_line(error)[:80]})"
                ) from None

    def __len__(self) -> int:
        return int(self.meta["num_tiles"])

    @property
    def _shape(self) -> tuple[int, int, int]:
        size = self.meta["tile_size"]
        return (len(self), size, size)

    @functools.cached_property
    def images(self) -> np.ndarray:
        """(N, H, W, C) pixel values in the source's dtype, memory-mapped."""
        shape = (*self._shape, len(self.meta["bands"]))
        return open_array(self.path / "images.npy", shape, self.meta["dtype"])

    @functools.cached_property
    def masks(self) -> np.ndarray:
        """(N, H, W) uint8 in {0, 1, 255}, memory-mapped."""
        return open_array(self.path / "masks.npy", self._shape, np.uint8)

    @functools.cached_property
    def tiles(self) -> geopandas.GeoDataFrame:
        """One row per tile, in tile order.

        Raises:
            UserError: The table is damaged or not that of these tiles.
        """
        return read_tiles(self.path / "tiles.gpkg", len(self), self.meta["scenes"])

    def tiles_of(self, scene: str) -> geopandas.GeoDataFrame:
        """The rows of :attr:`tiles` that are of one scene, in tile order."""
        return self.tiles.iloc[self._rows_by_scene.get(scene, [])]

    @functools.cached_property
    def _rows_by_scene(self) -> dict[str, np.ndarray]:
        return self.tiles.groupby("scene").indices

    @property
    def fingerprint(self) -> str:
        """SHA-256 of tile geometry, masks and images, as recorded."""
        return self.meta["fingerprint"]

    @property
    def header(self) -> dict[str, Any]:
        """``store.json`` without scenes and checks: what a checkpoint carries."""
        left_out = ("scenes", "checks")
        return {key: value for key, value in self.meta.items() if key not in left_out}

    def verify(self, full: bool = False) -> None:
        """Find out whether the files are those that were written.

        Sizes, times and a sample of tiles are compared with what ``store.json``
        recorded. Where a size or time differs, as after copying, or an older store
        recorded none, all of it is compared with the fingerprint, and that is said.

        Args:
            full: Compare all of it in any case.

        Raises:
            UserError: The store was changed after it was made.
        """
        checks = self.meta.get("checks")
        if checks is None:
            reason = "an older store, without sizes and times"
        else:
            changed = [
                name
                for name, state in file_states(self.path).items()
                if state != checks["files"].get(name)
            ]
            reason = f"{', '.join(changed)} copied or changed since it was made"
            if not changed and not full:
                self._verify_tiles(checks["tiles"])
                return
        if not full:
            print(f"{self.path}: {reason}; comparing all of it with its fingerprint")
        self._verify_all()

    def _verify_tiles(self, recorded: dict[str, str]) -> None:
        for tile, digest in recorded.items():
            index = int(tile) if tile.isdecimal() else len(self)
            if index >= len(self):
                raise UserError(
                    f"{self.path}/store.json.checks.tiles: has the key {tile!r}, "
                    f"expected one below {len(self)}"
                )
            if tile_digest(self.masks[index], self.images[index]) != digest:
                raise UserError(
                    f"{self.path}: tile {tile} was changed after the store was made"
                )

    def _verify_all(self) -> None:
        table = self.tiles
        found = fingerprint(
            table["scene"], table["row_off"], table["col_off"], self.masks, self.images
        )
        if found != self.fingerprint:
            raise UserError(
                f"{self.path}: fingerprint is {found[:12]}, store.json says "
                f"{self.fingerprint[:12]}: the store was changed"
            )
        statistics = BandStatistics(len(self.meta["bands"]))
        for tile, (mask, image) in enumerate(zip(self.masks, self.images, strict=True)):
            strange = np.setdiff1d(mask, LABELS)
            if strange.size:
                raise UserError(
                    f"{self.path}/masks.npy: tile {tile} holds {strange[0]}, expected "
                    "0, 1 and 255"
                )
            statistics.add(BandStatistics.of(image[mask != IGNORE]))
            for name, share in zip(SHARES, shares(mask), strict=True):
                if not np.isclose(table[name][tile], share):
                    raise UserError(
                        f"{self.path}/tiles.gpkg: {name} of tile {tile} is "
                        f"{table[name][tile]:.4g}, its mask says {share:.4g}"
                    )
        for name, values in statistics.as_dict().items():
            recorded = self.meta[name]  # type: ignore[literal-required]
            if not np.allclose(recorded, values, rtol=1e-6, atol=1e-9):
                raise UserError(
                    f"{self.path}/store.json.{name}: is {recorded}, the images say "
                    f"{values}"
                )

    def __getstate__(self) -> dict[str, Any]:
        """Only the path and the description: maps are reopened."""
        return {"path": self.path, "meta": self.meta}
