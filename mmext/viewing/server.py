"""The page's server, on loopback only."""

import json
import sys
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from urllib.parse import parse_qs, urlsplit

from pydantic import Field

import mmext
from mmext.checked import Count, Finite, Index, checked, parse_json, settings
from mmext.ending import explain, keep_traceback
from mmext.errors import UserError

from .byte_ranges import UnsatisfiableError, requested_range
from .guard import Guard
from .view import MapView, version_of

_STATIC = files("mmext.viewing") / "static"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
#: The page's files by their place: no path is made of what a request says.
_PAGE = {f"/{file.name}": file for file in _STATIC.iterdir()}
_PAGE["/"] = _STATIC / "view.html"
#: A page that loads, asks and runs nothing but what comes from here. The reader of
#: GeoTIFFs unpacks in workers of its own making, some kinds by WebAssembly.
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src blob:",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
_JSON = "application/json"
#: No verdict is longer.
_MOST_BODY = 4096
_SECONDS_IDLE = 60
_CHUNK_BYTES = 1 << 18

_Bounds = Annotated[list[Finite], Field(min_length=4, max_length=4)]


@settings
class _Verdict:
    id: Index
    kind: str
    rank: Count | None
    verdict: str


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, line: str) -> None:
        super().__init__(line)
        self.status = status


class ViewServer(ThreadingHTTPServer):
    """Serves a view to one browser on this machine.

    Args:
        view: What is shown.
        port: Where; 0 takes one that is free.

    Raises:
        UserError: The port is taken.
    """

    daemon_threads = True

    def __init__(self, view: MapView, port: int = 0) -> None:
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise UserError(
                f"--port: {port} can't be listened on ({error.strerror}), expected a "
                "free one"
            ) from None
        self.view = view
        self.guard = Guard(self.server_port)

    @property
    def address(self) -> str:
        """What to open in a browser; whoever has it is let in."""
        return f"http://127.0.0.1:{self.server_port}/?token={self.guard.token}"


class _Handler(BaseHTTPRequestHandler):
    server: ViewServer
    protocol_version = "HTTP/1.1"
    server_version = f"mmext/{mmext.__version__}"
    sys_version = ""
    timeout = _SECONDS_IDLE

    def do_GET(self) -> None:  # the name that http.server calls
        """Answer what is asked for."""
        self._answer(self._get)

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """Save a verdict."""
        self._answer(self._post)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of each request."""

    def _answer(self, respond: Callable[[], None]) -> None:
        # Until a body has been read, what follows on this connection is not a request.
        self.close_connection = self.close_connection or self.command == "POST"
        try:
            respond()
        except _Refused as refused:
            self._send_text(refused.status, str(refused))
        except UserError as error:
            self._send_text(HTTPStatus.CONFLICT, str(error))
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            self.close_connection = True
        except Exception as error:
            line = f"{explain(error)[0]} (traceback in {keep_traceback()})"
            print(f"error: {self.path}: {line}", file=sys.stderr, flush=True)
            self._send_text(HTTPStatus.INTERNAL_SERVER_ERROR, line)

    def _get(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        self._refuse_strangers(query)
        if parts.path == "/" and "token" in query:
            # Out of the address bar, where it would be copied with it.
            self.send_response(HTTPStatus.SEE_OTHER)
            self.send_header("Location", "/")
            self.send_header("Set-Cookie", self.server.guard.set_cookie())
            self._send_body(BytesIO(), 0)
            return
        if parts.path in _PAGE:
            file = _PAGE[parts.path]
            self._send(file.read_bytes(), _TYPES[Path(file.name).suffix])
            return
        match parts.path.strip("/").split("/"):
            case ["about"]:
                self._send_json(self.server.view.about())
            case ["candidates"]:
                self._send_json(self.server.view.candidates())
            case ["sheets", number]:
                self._send_json(self.server.view.sheet(_number(number)))
            case ["sheets", number, "objects"]:
                self._send_features(self.server.view.objects, number, query)
            case ["sheets", number, "candidates"]:
                self._send_features(self.server.view.candidate_outlines, number, query)
            case ["sheets", number, part, version]:
                self._send_raster(
                    self.server.view.raster(_number(number), part), version
                )
            case _:
                raise _Refused(HTTPStatus.NOT_FOUND, "there is nothing here")

    def _post(self) -> None:
        self._refuse_strangers({})
        if not self.server.guard.is_from_our_page(self.headers):
            raise _Refused(HTTPStatus.FORBIDDEN, "only the page itself may do this")
        if self.path != "/verdict":
            raise _Refused(HTTPStatus.NOT_FOUND, "there is nothing here")
        if self.headers.get_content_type() != _JSON:
            raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"expected {_JSON}")
        length = checked(Index, self.headers.get("Content-Length"), "length", False)
        if length > _MOST_BODY:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too long")
        said = parse_json(_text(self.rfile.read(length)), _Verdict, "verdict")
        self.server.view.save_verdict(said.id, said.kind, said.rank, said.verdict)
        self._send_json({"saved": said.verdict})

    def _refuse_strangers(self, query: dict[str, list[str]]) -> None:
        guard = self.server.guard
        if not guard.is_for_us(self.headers):
            raise _Refused(HTTPStatus.FORBIDDEN, "not for this machine")
        given = query.get("token", [])
        if not (guard.is_let_in(self.headers) or (given and guard.knows(given[0]))):
            raise _Refused(
                HTTPStatus.FORBIDDEN, "open the address that mmext view has printed"
            )

    def _send_features(
        self,
        read: Callable[[int, tuple[float, float, float, float]], str | None],
        number: str,
        query: dict[str, list[str]],
    ) -> None:
        bounds = query.get("bounds", [""])[0].split(",")
        part = checked(_Bounds, bounds, "bounds", False)
        found = read(_number(number), tuple(part))
        self._send((found or "null").encode(), _JSON)

    def _send_raster(self, path: Path, version: str) -> None:
        if version_of(path) != version:
            raise _Refused(
                HTTPStatus.CONFLICT, f"{path.name} has changed; load the page again"
            )
        with path.open("rb") as file:
            size = file.seek(0, 2)
            try:
                part = requested_range(self.headers.get("Range"), size)
            except UnsatisfiableError:
                self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
                self.send_header("Content-Range", f"bytes */{size}")
                self._send_body(BytesIO(), 0)
                return
            if part is None:
                self.send_response(HTTPStatus.OK)
                first, last = 0, size - 1
            else:
                first, last = part
                self.send_response(HTTPStatus.PARTIAL_CONTENT)
                self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Type", "image/tiff")
            file.seek(first)
            self._send_body(file, last - first + 1)

    def _send_json(self, value: object) -> None:
        self._send(json.dumps(value, allow_nan=False).encode(), _JSON)

    def _send_text(self, status: HTTPStatus, line: str) -> None:
        self._send(f"{line}\n".encode(), "text/plain; charset=utf-8", status)

    def _send(
        self, content: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self._send_body(BytesIO(content), len(content))

    def _send_body(self, body: BinaryIO, length: int) -> None:
        self.send_header("Content-Length", str(length))
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            _copy(body, self.wfile, length)


def _copy(source: BinaryIO, target: Any, length: int) -> None:
    while length > 0:
        chunk = source.read(min(length, _CHUNK_BYTES))
        if not chunk:
            raise ConnectionResetError  # cut while it was sent
        target.write(chunk)
        length -= len(chunk)


def _number(text: str) -> int:
    number: int = checked(Index, text, "sheet", False)
    return number


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise UserError("verdict: expected UTF-8") from None
