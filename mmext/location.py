"""Where a file lies that is read: on this machine, on a server, in an object store."""

import logging
import os
import posixpath
import re
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

from mmext.checked import FileName, checked, shortened
from mmext.errors import UserError
from mmext.hiding import hide_secrets_of, without_secrets

#: What GDAL calls addresses by their scheme.
_OPENED_AS = {
    "http": "/vsicurl/http://",
    "https": "/vsicurl/https://",
    "ftp": "/vsicurl/ftp://",
    "s3": "/vsis3/",
    "gs": "/vsigs/",
    "az": "/vsiaz/",
    "oss": "/vsioss/",
}
# A Path has made one slash of two.
_ADDRESS = re.compile(rf"({'|'.join(_OPENED_AS)}|file):/{{1,2}}(?=[^/]|/)", re.I)
_ONE_SLASH = re.compile(r"(?<=/vsicurl/)(https?|ftp):/(?=[^/])")
_VIRTUAL = re.compile(r"/vsi\w+[/?]")
_OTHER_SCHEME = re.compile(r"[a-zA-Z][\w+.-]+://")
_ARCHIVE = re.compile(r"/vsi(zip|tar|gzip|7z|rar)/")
#: What GDAL does of the network unless the user says otherwise: it asks again after
#: 1, 2, 4 and 8 s where a server is busy, and waits for no silent one.
_NETWORK = {
    "GDAL_HTTP_MAX_RETRY": "4",
    "GDAL_HTTP_RETRY_DELAY": "1",
    "GDAL_HTTP_CONNECTTIMEOUT": "30",
    "GDAL_HTTP_LOW_SPEED_TIME": "60",
    "GDAL_HTTP_LOW_SPEED_LIMIT": "1",
}


@dataclass(frozen=True, repr=False)
class Address:
    """A file that isn't told by a path of this machine alone.

    As text it is shown without what signs it: query, user and password.

    Attributes:
        gdal: What GDAL opens; it may hold secrets, so nothing is written with it.
        shown: What users see of it.
        stem: What results that are made of it are called.
    """

    gdal: str
    shown: str
    stem: str

    def __post_init__(self) -> None:
        checked(FileName, self.stem, self.shown)
        hide_secrets_of(self.gdal)
        if self.path is None:
            prepare_network()

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:
        return f"Address({self.shown!r})"

    def __reduce__(self) -> tuple[type["Address"], tuple[str, str, str]]:
        # Made anew in another process, its secrets are hidden there as well.
        return Address, (self.gdal, self.shown, self.stem)

    @property
    def path(self) -> Path | None:
        """The path, if it is a file of this machine under another name."""
        return None if self.gdal.startswith("/vsi") else Path(self.gdal)

    @property
    def name(self) -> str:
        """The last part of its path."""
        return PurePosixPath(self.shown).name

    @property
    def suffix(self) -> str:
        """The end of its name, with the dot."""
        return PurePosixPath(self.shown).suffix


#: A file to read.
Location = Path | Address


def locate(
    place: str | os.PathLike[str] | Address, stem: str | None = None
) -> Location:
    """What a text means: a path, a URL, an object of a store, or GDAL's name for one.

    Args:
        place: As a user has it. ``https``, ``http``, ``ftp``, ``s3``, ``gs``, ``az``,
            ``oss`` and ``file`` are known, and ``/vsi…`` as GDAL has it.
        stem: What it is called, if not by the end of its path.

    Raises:
        UserError: It is of a kind that isn't known, or names no file.
    """
    if isinstance(place, Address):
        return place
    text = os.fspath(place)
    if _VIRTUAL.match(text) and not Path(text).exists():
        return _virtual(_ONE_SLASH.sub(r"\1://", text), stem)
    if found := _ADDRESS.match(text):
        scheme, rest = found.group(1).lower(), text[found.end() :]
        if scheme != "file":
            return _elsewhere(scheme, rest, stem)
        text = unquote(rest if rest.startswith("/") else f"/{rest}")
    elif _OTHER_SCHEME.match(text):
        hide_secrets_of(text)
        raise UserError(
            f"{shortened(text)}: expected a path, {', '.join(_OPENED_AS)}:// or GDAL's "
            "/vsi…"
        )
    return Path(text) if stem is None else Address(text, text, stem)


def beside(place: Location, name: str, stem: str | None = None) -> Location:
    """What a file names from where it lies.

    Args:
        place: The file.
        name: What it says: an address, or a path from its folder.
        stem: What that is called, if not by the end of its path.

    Raises:
        UserError: A file elsewhere names one of this machine.
    """
    own = local_path(place)
    whole = any(kind.match(name) for kind in (_ADDRESS, _OTHER_SCHEME, _VIRTUAL))
    if own is not None:
        return locate(name if whole else own.parent / name, stem)
    if not whole:
        base = gdal_name(place).partition("?")[0]
        if base.startswith("/vsicurl/"):
            name = urljoin(base.removeprefix("/vsicurl/"), name)
        else:
            name = posixpath.normpath(posixpath.join(posixpath.dirname(base), name))
    found = locate(name, stem)
    if local_path(found) is not None:
        raise UserError(f"{place}: names {found}, which is a file of this machine")
    return found


def is_elsewhere(place: str | os.PathLike[str] | Address) -> bool:
    """Whether a text names something that no path of this machine does."""
    return local_path(locate(place)) is None


def here(place: str | os.PathLike[str], what: str) -> Path:
    """The path of what can be read on this machine alone.

    Args:
        place: As a user has it.
        what: What it should be, as in ``'a tile store'``.

    Raises:
        UserError: It lies elsewhere.
    """
    found = locate(place)
    if isinstance(found, Address):
        raise UserError(f"{found}: {what} is read on this machine alone; copy it first")
    return found


def absolute(place: Location) -> Location:
    """A file by a name that doesn't depend on where a process was started."""
    if isinstance(place, Path):
        return place.resolve()
    path = place.path
    if path is None:
        return place
    return Address(str(path.resolve()), place.shown, place.stem)


def local_path(place: Location) -> Path | None:
    """The path of a file of this machine, None for all others."""
    return place.path if isinstance(place, Address) else place


def gdal_name(place: str | os.PathLike[str] | Address) -> str:
    """What GDAL opens; it may hold secrets."""
    found = locate(place)
    return found.gdal if isinstance(found, Address) else str(found)


def _elsewhere(scheme: str, rest: str, stem: str | None) -> Address:
    whole = f"{scheme}://{rest}"
    shown = re.sub(r"(?<=://)[^/@]+@", "", whole.partition("?")[0])
    if scheme in ("http", "https", "ftp"):
        shown = shown.partition("#")[0]
        stem = stem or PurePosixPath(unquote(urlsplit(shown).path)).stem
    hide_secrets_of(whole)
    _, _, key = shown.partition("://")
    stem = stem or (PurePosixPath(key).stem if "/" in key.strip("/") else "")
    if not stem or shown.endswith("/"):
        raise UserError(f"{shown}: names no file")
    return Address(_OPENED_AS[scheme] + rest, shown, stem)


def _virtual(text: str, stem: str | None) -> Address:
    hide_secrets_of(text)
    before, _, query = text.partition("?")
    shown = without_secrets(text).replace("?…", "")
    if before == "/vsicurl":
        # The address is one of its options.
        url = parse_qs(query).get("url", [""])[0]
        shown = re.sub(r"(?<=://)[^/@]+@", "", url.partition("?")[0])
        hide_secrets_of(url)
    elif query and _ARCHIVE.match(text) and "}" not in query:
        raise UserError(
            f"{shown}: where its query ends isn't known, expected the archive in "
            "braces, /vsizip/{…}/FILE"
        )
    elif query and "}" not in query:
        shown = before
    stem = stem or PurePosixPath(unquote(shown)).stem
    if not stem or shown.endswith("/"):
        raise UserError(f"{shown or before}: names no file")
    return Address(text, shown, stem)


def prepare_network() -> None:
    """Tell GDAL how to deal with servers, and let its log show no secrets."""
    for name, value in _NETWORK.items():
        # The lowest rank of all: GDAL takes any other word of the user's before it.
        os.environ.setdefault(name, value)
    for name in ("rasterio._env", "rasterio._err"):
        # Added once, however often it is called.
        logging.getLogger(name).addFilter(_hide_in_log)
    warnings.formatwarning = _shown_warning
    # OGR takes the signature for a part of the file's ending.
    warnings.filterwarnings("ignore", "File /vsi.* non conformant file extension")


_format_warning = warnings.formatwarning


def _shown_warning(*arguments: Any, **options: Any) -> str:
    return without_secrets(_format_warning(*arguments, **options))


def _hide_in_log(record: logging.LogRecord) -> bool:
    record.msg, record.args = without_secrets(record.getMessage()), ()
    return True
