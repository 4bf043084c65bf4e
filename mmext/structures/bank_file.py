"""An error bank's snapshot (``docs/architecture.md``, "The error bank")."""

import contextlib
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import with_config
from typing_extensions import Required, TypedDict

from mmext.checked import Count, Index, NotNegative, parse_json
from mmext.errors import UserError, one_line
from mmext.fileio import atomic_path
from mmext.machine import total_memory

from .error_bank import COUNT_KEYS, ErrorBank

FORMAT = 1
_MAX_META_BYTES = 1 << 20
_Header = tuple[tuple[int, ...], np.dtype]


@with_config(extra="allow")
class _Format(TypedDict):
    format: int


@with_config(extra="allow")
class SnapshotMeta(TypedDict, total=False):
    """What a snapshot says of itself."""

    fingerprint: Required[str]
    num_tiles: Required[Count]
    tile_shape: Required[tuple[Count, Count]]
    passes: Required[Index]
    begin: Index | None
    epoch: Index
    threshold: float | dict[str, float]
    valid_pixels: Index
    cfdr: NotNegative
    cfdr_fn: NotNegative
    cfdr_fp: NotNegative


def save_bank(
    bank: ErrorBank, path: str | os.PathLike[str], valid_pixels: int, **about: Any
) -> None:
    """Write a snapshot.

    Args:
        bank: The bank.
        path: The ``.npz`` file; replaced in one step.
        valid_pixels: See :meth:`ErrorBank.cfdr`.
        **about: What else the snapshot says of itself: ``begin``, ``epoch``,
            ``threshold``.
    """
    ratio = bank.cfdr(valid_pixels)
    meta = {
        "format": FORMAT,
        "fingerprint": bank.fingerprint,
        "num_tiles": bank.num_tiles,
        "tile_shape": bank.tile_shape,
        "passes": bank.passes,
        "valid_pixels": valid_pixels,
        "cfdr": ratio["total"],
        "cfdr_fn": ratio["fn"],
        "cfdr_fp": ratio["fp"],
        **about,
    }
    arrays = {"meta": np.array(json.dumps(meta)), **bank.arrays()}
    # What np.savez_compressed writes, at zlib's fastest: a twentieth larger, in
    # half of the time.
    with (
        atomic_path(path) as temporary,
        zipfile.ZipFile(
            temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1
        ) as archive,
    ):
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def read_bank_meta(path: str | os.PathLike[str]) -> SnapshotMeta:
    """What a snapshot says of itself, without its errors.

    Raises:
        UserError: As :func:`load_bank`, of what is read here.
    """
    with _open(path) as archive:
        return _read_meta(archive, path)


def load_bank(path: str | os.PathLike[str]) -> ErrorBank:
    """Read a snapshot, which may be any file.

    Sizes and types are compared before an array is unpacked, so that a small file
    can't fill the memory.

    Raises:
        UserError: There is no such file, it is damaged, or no snapshot.
    """
    with _open(path) as archive:
        meta = _read_meta(archive, path)
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        headers = {name: _header(archive, name) for name in names if name != "meta"}
        _refuse_headers(headers, meta, path)
        arrays = {name: _array(archive, name) for name in headers}
    bank = ErrorBank(
        meta["num_tiles"],
        meta["tile_shape"],
        meta["fingerprint"],
        counts="fn_count" in arrays,
    )
    bank.take_over(arrays, str(path))
    bank.passes = meta["passes"]
    bank.meta = dict(meta)
    return bank


@contextlib.contextmanager
def _open(path: str | os.PathLike[str]) -> Iterator[zipfile.ZipFile]:
    """A snapshot's archive; what is wrong in its bytes is one line."""
    if not Path(path).is_file():
        raise UserError(f"{path}: no such error bank snapshot")
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except UserError:
        raise
    except Exception as error:
        # zipfile, zlib and NumPy have a dozen ways to say that bytes are wrong.
        raise UserError(
            f"{path}: not an error bank snapshot, or damaged ({one_line(error)})"
        ) from None


def _read_meta(archive: zipfile.ZipFile, path: str | os.PathLike[str]) -> SnapshotMeta:
    size = archive.getinfo("meta.npy").file_size
    if size > _MAX_META_BYTES:
        raise UserError(
            f"{path}: meta has {size} bytes, expected at most {_MAX_META_BYTES}"
        )
    text = str(_array(archive, "meta"))
    version = parse_json(text, _Format, f"{path}: meta")["format"]
    if version != FORMAT:
        raise UserError(f"{path}: snapshot format {version}, expected {FORMAT}")
    return parse_json(text, SnapshotMeta, f"{path}: meta")


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _header(archive: zipfile.ZipFile, name: str) -> _Header:
    """Shape and type that an array of an archive says it has."""
    with archive.open(f"{name}.npy") as file:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, _, dtype = read(file)
    return shape, dtype


def _refuse_headers(
    headers: Mapping[str, _Header], meta: SnapshotMeta, path: str | os.PathLike[str]
) -> None:
    counted = [key for key in COUNT_KEYS if key in headers]
    if counted and len(counted) < len(COUNT_KEYS):
        raise UserError(
            f"{path}: holds {', '.join(counted)}, expected all or none of "
            f"{', '.join(COUNT_KEYS)}"
        )
    if unknown := set(headers) - {"fn", "fp", *COUNT_KEYS}:
        raise UserError(f"{path}: holds unknown arrays {', '.join(sorted(unknown))}")
    number, (height, width) = meta["num_tiles"], meta["tile_shape"]
    pixels = number * height * width
    bits = (number, -(-height * width // 8))
    for key in ("fn", "fp", *counted):
        if key not in headers:
            raise UserError(f"{path}: holds no {key}")
        shape, dtype = headers[key]
        if key in counted:
            fits = len(shape) == 1 and shape[0] <= pixels and dtype == np.uint16
            expected = f"at most {pixels} of uint16"
        else:
            fits = shape == bits and dtype == np.uint8
            expected = f"{bits} of uint8"
        if not fits:
            raise UserError(f"{path}: {key} is {shape} of {dtype}, expected {expected}")
    # Unpacked; ErrorBank keeps as much.
    needed = 2 * bits[0] * bits[1] + sum(2 * headers[key][0][0] for key in counted)
    memory = total_memory()
    if needed > memory:
        raise UserError(
            f"{path}: needs {needed / 1e9:.3g} GB of memory, the machine has "
            f"{memory / 1e9:.3g} GB"
        )
