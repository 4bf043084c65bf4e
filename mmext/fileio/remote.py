"""What a server says of a file, asked through GDAL with the user's rights."""

import contextlib
import ctypes
import functools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mmext.errors import UserError, one_line
from mmext.hiding import without_secrets
from mmext.location import Location, gdal_name, local_path, prepare_network

#: Of a file on a server: what lies beside it isn't looked for, and its header comes
#: with the first answer.
_OPENING = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",
}
_MISSING = re.compile(r"\b(404|410)\b")


class NoSuchFileError(UserError):
    """There is no file of that name."""


@dataclass(frozen=True)
class Reply:
    """What a server says of a file.

    Attributes:
        headers: By name in lower case; none where nobody could be asked, as of a file
            in an archive.
        trouble: Why there are none, as GDAL has it; empty if there is none.
    """

    headers: dict[str, str]
    trouble: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether the server knows of no such file."""
        return bool(_MISSING.search(self.trouble))


@dataclass(frozen=True)
class FileState:
    """By what a file is told from what it may become.

    Attributes:
        bytes: Its size; None if a server doesn't say.
        changed: When it was last written, in seconds since 1970; None elsewhere.
        version: Elsewhere, what the server says of its version: ETag, or
            Last-Modified; None if neither.
    """

    bytes: int | None
    changed: float | None = None
    version: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether a file that changed would have another state."""
        return self.changed is not None or self.version is not None


@contextlib.contextmanager
def opening(place: Location) -> Iterator[None]:
    """GDAL as it should be while a file is opened: left alone for one of this machine.

    What the user set stays.
    """
    path = local_path(place)
    if path is not None:
        if path.suffix.lower() == ".vrt":
            # What it shows may lie elsewhere.
            prepare_network()
        yield
        return
    import rasterio

    own = rasterio.env.getenv() if rasterio.env.hasenv() else {}
    unset = {k: v for k, v in _OPENING.items() if k not in os.environ and k not in own}
    with rasterio.Env(**unset):
        yield


def reads_siblings() -> bool:
    """Whether the user wants what lies beside a file on a server to be read."""
    return os.environ.get("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR") != "EMPTY_DIR"


def exists(place: Location) -> bool:
    """Whether there is such a file (on this machine, or folder).

    Raises:
        UserError: A server doesn't say.
    """
    path = local_path(place)
    return _server_has(place) if path is None else path.exists()


def is_file(place: Location) -> bool:
    """Whether there is such a file, and no folder.

    Raises:
        UserError: A server doesn't say.
    """
    path = local_path(place)
    return _server_has(place) if path is None else path.is_file()


def _server_has(place: Location) -> bool:
    reply = ask(gdal_name(place))
    if reply.trouble and not reply.is_missing:
        raise UserError(f"{place}: can't be read ({reply.trouble})")
    return not reply.is_missing


def state_of(place: Location) -> FileState:
    """By what a file is told from what it may become, now.

    Raises:
        NoSuchFileError: There is no such file.
        UserError: A server doesn't answer.
    """
    path = local_path(place)
    if path is not None:
        if not path.is_file():
            raise NoSuchFileError(f"{place}: no such file")
        facts = path.stat()
        return FileState(facts.st_size, facts.st_mtime)
    headers = _answer(place).headers
    for name, title in (("etag", "ETag"), ("last-modified", "Last-Modified")):
        if name in headers:
            return FileState(_size(headers), version=f"{title} {headers[name]}")
    return FileState(_size(headers))


def refuse_unreachable(place: Location) -> None:
    """Say why a file can't be read, if it is its server that refuses.

    Raises:
        NoSuchFileError: A server knows no such file.
        UserError: A server doesn't give it.
    """
    if local_path(place) is not None:
        return
    import rasterio

    _answer(place)
    # It may still give the file's facts and not its content.
    with rasterio.Env(CPL_VSIL_CURL_USE_HEAD="NO"):
        _answer(place)


def _answer(place: Location) -> Reply:
    reply = ask(gdal_name(place))
    if reply.is_missing:
        raise NoSuchFileError(f"{place}: no such file ({reply.trouble})") from None
    if reply.trouble:
        raise UserError(f"{place}: can't be read ({reply.trouble})") from None
    return reply


def content_type(place: Location) -> str:
    """What a server says that a file is; empty if it doesn't."""
    return ask(gdal_name(place)).headers.get("content-type", "")


def ask(name: str) -> Reply:
    """Ask the server of a file, anew.

    Args:
        name: What GDAL opens.
    """
    gdal = _gdal()
    # Whatever was said before may no longer be so.
    gdal.VSICurlPartialClearCache(name.encode())
    with _silent(gdal):
        found = gdal.VSIGetFileMetadata(name.encode(), b"HEADERS", None)
        trouble = gdal.VSIGetLastErrorMsg() or b""
    if not found:
        text = without_secrets(trouble.decode(errors="replace"))
        return Reply({}, one_line(Exception(text)) if text else "")
    try:
        lines: list[str] = []
        while (line := found[len(lines)]) is not None:
            lines.append(line.decode("latin-1"))
    finally:
        gdal.CSLDestroy(found)
    pairs = (line.partition("=") for line in lines)
    return Reply({key.strip().lower(): value.strip() for key, _, value in pairs})


def read_text(place: Location, what: str, at_most: int) -> str:
    """A small file's text.

    Args:
        place: The file.
        what: What it should be, as in ``'a list of images'``.
        at_most: Bytes.

    Raises:
        UserError: There is none, or it is larger or no UTF-8.
    """
    try:
        return _content(place, at_most).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{place}: can't be read as {what} ({error})") from None


def _content(place: Location, at_most: int) -> bytes:
    path = local_path(place)
    if path is not None:
        if path.stat().st_size > at_most:
            raise UserError(f"{place}: has more than {at_most} bytes")
        return path.read_bytes()
    gdal = _gdal()
    content, size = ctypes.c_void_p(), ctypes.c_uint64()
    with opening(place), _silent(gdal):
        read = gdal.VSIIngestFile(
            None,
            gdal_name(place).encode(),
            ctypes.byref(content),
            ctypes.byref(size),
            at_most,
        )
    if not read or not content.value:
        _answer(place)
        raise UserError(f"{place}: can't be read, or has more than {at_most} bytes")
    try:
        return ctypes.string_at(content.value, size.value)
    finally:
        gdal.VSIFree(content)


def _size(headers: dict[str, str]) -> int | None:
    # An object store is asked for the first bytes, and says of how many they are.
    total = headers.get("content-range", "").rpartition("/")[2]
    size = total or headers.get("content-length", "")
    return int(size) if size.isdigit() else None


@functools.cache
def _gdal() -> ctypes.CDLL:
    """The GDAL that rasterio brings along: of its files, rasterio knows only rasters.

    Its C interface is stable, and what rasterio and the environment tell GDAL of
    servers, rights and proxies holds here as well.
    """
    import rasterio._env

    # Opened with what it is linked to, however the library's file is called.
    gdal = ctypes.CDLL(rasterio._env.__file__)
    if not hasattr(gdal, "VSIGetFileMetadata"):
        raise UserError(
            "rasterio: its GDAL can't be asked about files elsewhere on this system; "
            "copy them first"
        )
    text, pointer = ctypes.c_char_p, ctypes.c_void_p
    texts = ctypes.POINTER(text)
    gdal.VSIGetFileMetadata.argtypes = [text, text, pointer]
    gdal.VSIGetFileMetadata.restype = texts
    gdal.VSIGetLastErrorMsg.restype = text
    gdal.VSIErrorReset.restype = None
    gdal.VSICurlPartialClearCache.argtypes = [text]
    gdal.VSICurlPartialClearCache.restype = None
    gdal.VSIIngestFile.argtypes = [
        pointer,
        text,
        ctypes.POINTER(pointer),
        ctypes.POINTER(ctypes.c_uint64),
        ctypes.c_int64,
    ]
    gdal.VSIFree.argtypes = [pointer]
    gdal.VSIFree.restype = None
    gdal.CSLDestroy.argtypes = [texts]
    gdal.CSLDestroy.restype = None
    gdal.CPLPushErrorHandler.argtypes = [pointer]
    gdal.CPLPushErrorHandler.restype = None
    gdal.CPLPopErrorHandler.restype = None
    return gdal


@contextlib.contextmanager
def _silent(gdal: ctypes.CDLL) -> Iterator[None]:
    """GDAL without a word on stderr."""
    gdal.VSIErrorReset()
    quiet = ctypes.cast(gdal.CPLQuietErrorHandler, ctypes.c_void_p)
    gdal.CPLPushErrorHandler(quiet)
    try:
        yield
    finally:
        gdal.CPLPopErrorHandler()
