"""Any data set's samples as the tiles of a store, read when they are asked for."""

import functools
import hashlib
import os
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
from shapely.geometry import box
from tqdm import tqdm

from mmext.checked import checked
from mmext.errors import UserError
from mmext.pixel_values import IGNORE

from .sample_array import SampleArray
from .sample_source import SampleReader, SampleSource, loading_note
from .store_record import SceneRecord, StoreRecord, store_line
from .tile_rows import TileNumbers, TileRows
from .tile_store import FORMAT, TileStore

#: Bytes of samples that are kept, so that a batch's images and masks are read once.
_KEPT_BYTES = 1 << 28
_COLOURS = ["red", "green", "blue"]


def open_store(store: str | os.PathLike[str] | Mapping[str, Any]) -> TileStore:
    """The tiles that a data set's ``store`` names: a folder, or a data set's samples.

    Args:
        store: A folder, or what a :class:`~.sample_source.SampleSource` holds.

    Raises:
        UserError: There is no such store, or the data set can't be read as one.
    """
    if isinstance(store, str | os.PathLike):
        return TileStore(store)
    source = checked(SampleSource, dict(store), "dataset.store", strict=False)
    return SampleStore(source)


class SampleStore(TileStore):
    """The samples of a data set where a tile store is expected; nothing is written.

    All are read once when it is opened: their statistics, shares of target and
    fingerprint, by which error banks know it, are made of what they hold. Samples
    that are smaller than the largest one, or not square, are filled up with pixels
    that are ignored.

    Args:
        source: The data set, and what its labels mean.

    Raises:
        UserError: A sample can't be read, or has not the bands or data type of the
            first.
    """

    def __init__(self, source: SampleSource) -> None:
        self._reader = SampleReader(source)
        self.path = Path(self._reader.name)
        self._kept: OrderedDict[int, tuple[np.ndarray, np.ndarray]] = OrderedDict()
        identity = self._reader.identity()
        if identity not in _looked_at:
            _looked_at[identity] = look_at(self._reader)
            print(store_line(self.path, _looked_at[identity][0], "samples"))
        self.meta, self._rows = _looked_at[identity]

    @functools.cached_property
    def images(self) -> SampleArray:  # type: ignore[override]
        """(N, H, W, C) pixel values, read when asked for."""
        shape = (*self._shape, len(self.meta["bands"]))
        return SampleArray(lambda i: self._read(i)[0], shape, self.meta["dtype"])

    @functools.cached_property
    def masks(self) -> SampleArray:  # type: ignore[override]
        """(N, H, W) uint8 in {0, 1, 255}, read when asked for."""
        return SampleArray(lambda i: self._read(i)[1], self._shape, "uint8")

    @functools.cached_property
    def tiles(self) -> geopandas.GeoDataFrame:
        """One row per sample; each is a scene of its own."""
        return self._rows.table(None)

    def verify(self, full: bool = False) -> None:
        """Find out, where asked in full, whether samples are as they were.

        Raises:
            UserError: They were changed since they were first read.
        """
        if full and look_at(self._reader)[0]["fingerprint"] != self.fingerprint:
            raise UserError(f"{self.path}: samples were changed since they were read")

    def _read(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Image (H, W, C) and mask (H, W) of a sample, as large as a tile."""
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        sample = self._reader.read(index)
        side = self.meta["tile_size"]
        fill = [(0, side - length) for length in sample.mask.shape]
        image = np.pad(sample.image, [*fill, (0, 0)])
        mask = np.pad(sample.mask, fill, constant_values=IGNORE)
        self._kept[index] = image, mask
        if len(self._kept) > max(1, _KEPT_BYTES // (image.nbytes + mask.nbytes)):
            self._kept.popitem(last=False)
        return image, mask

    def __getstate__(self) -> dict[str, Any]:
        """What each process opens or reads anew is left out."""
        left_out = ("images", "masks", "tiles")
        state = {k: v for k, v in self.__dict__.items() if k not in left_out}
        return {**state, "_kept": OrderedDict()}


#: What samples turned out to be, by their identity: a run opens its data several times.
_looked_at: dict[str, tuple[StoreRecord, TileRows]] = {}


def look_at(reader: SampleReader) -> tuple[StoreRecord, TileRows]:
    """Read all samples once.

    Args:
        reader: Reads them.

    Returns:
        What ``store.json`` would say of them, and the rows of their table.

    Raises:
        UserError: One can't be read, or has other bands than the first.
    """
    first = reader.read(0)
    if note := loading_note(first):
        print(note)
    bands, dtype = first.image.shape[2], first.image.dtype
    digest = hashlib.sha256()
    scenes: dict[str, SceneRecord] = {}
    numbers: list[TileNumbers] = []
    for index in tqdm(range(len(reader)), unit="sample", desc=f"Reading {reader.name}"):
        sample = reader.read(index)
        image, mask = sample.image, sample.mask
        if image.shape[2] != bands or image.dtype != dtype:
            raise UserError(
                f"{sample.path or reader.name}: {image.shape[2]} bands of "
                f"{image.dtype}, the first sample has {bands} of {dtype}"
            )
        stem = Path(sample.path).stem or f"sample_{index}"
        name = stem
        while name in scenes:  # of one name in several folders
            name = f"{name}_{index}"
        height, width = mask.shape
        scenes[name] = {
            "path": sample.path,
            "height": height,
            "width": width,
            "transform": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        }
        numbers.append(TileNumbers.of(image, mask))
        digest.update(f"{name}\0{height}\0{width}\0{dtype}\n".encode())
        digest.update(mask.data)
        digest.update(image.data)
    sides = {scene[key] for scene in scenes.values() for key in ("height", "width")}
    side = max(sides)
    if len(sides) > 1:
        print(
            f"{reader.name}: sides of {min(sides)} to {side} pixels; samples are "
            f"filled up to {side} x {side} with pixels that are ignored"
        )
    rows, outline = TileRows(side, bands), box(0, -side, side, 0)
    for name, counted in zip(scenes, numbers, strict=True):
        rows.add(counted, name, 0, 0, outline)
    shows_colours = reader.is_bgr and bands == 3
    names_of_bands = [f"band_{band + 1}" for band in range(bands)]
    record: dict[str, Any] = {
        "format": FORMAT,
        "tile_size": side,
        "stride": side,
        "bands": _COLOURS if shows_colours else names_of_bands,
        "band_indexes": list(range(1, bands + 1)),
        **({"colours": _COLOURS} if shows_colours else {}),
        "dtype": str(dtype),
        "nodata": None,
        "nodata_rule": None,
        "crs": None,
        "pixel_size": None,
        "pixel_size_m": None,
        **rows.together(),
        "scenes": scenes,
        "fingerprint": digest.hexdigest(),
    }
    return checked(StoreRecord, record, reader.name), rows
