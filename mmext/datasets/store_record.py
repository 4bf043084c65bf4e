"""What ``store.json`` holds, as it is declared in ``docs/architecture.md``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from typing_extensions import NotRequired, TypedDict

from mmext.checked import Count, FileName, Finite, Index, Positive, Share


class SceneRecord(TypedDict, extra_items=Any):  # type: ignore[call-arg]
    """A scene that tiles were cut from."""

    path: str
    height: Count
    width: Count
    transform: list[Finite]


class FileState(TypedDict):
    """A file as it was left: its size in bytes and its time in nanoseconds."""

    bytes: Index
    changed: int


class StoreChecks(TypedDict):
    """What tells cheaply whether a store's files are those that were written.

    ``files`` is by name; ``tiles`` has the SHA-256 of some tiles' mask and image, by
    tile id.
    """

    files: dict[str, FileState]
    tiles: dict[str, str]


class StoreRecord(TypedDict, extra_items=Any):  # type: ignore[call-arg]
    """The keys of ``store.json``; those that older stores lack are ``NotRequired``."""

    format: Literal[1]
    tile_size: Count
    stride: Count
    bands: list[str]
    band_indexes: list[Count]
    colours: NotRequired[list[str]]
    scales: NotRequired[list[list[Finite]]]
    dtype: Literal["uint8", "uint16", "float32"]
    nodata: float | None
    nodata_rule: NotRequired[float | Literal["auto"] | None]
    crs: str | None
    pixel_size: list[Finite] | None
    pixel_size_m: Positive | None
    mean: list[Finite]
    std: list[Finite]
    min: list[Finite]
    max: list[Finite]
    scenes: dict[FileName, SceneRecord]
    num_tiles: Count
    positive_tiles: Index
    positive_share: Share
    fingerprint: str
    checks: NotRequired[StoreChecks]


def store_line(path: Path, record: Mapping[str, Any], tiles: str = "tiles") -> str:
    """What a new store holds, in a line.

    Args:
        path: The store.
        record: Its ``store.json``.
        tiles: What its tiles are called.
    """
    return (
        f"{path}: {record['num_tiles']} {tiles}, {record['positive_tiles']} positive "
        f"(more than 0.1 % target), {record['positive_share']:.2%} of the valid pixels "
        "are target"
    )
