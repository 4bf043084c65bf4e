"""A server of files with byte ranges, on this machine, that remembers what it served.

It runs in a process of its own: rasterio keeps the interpreter's lock in some of the
calls in which GDAL asks the server, so that a thread could never answer.
"""

import contextlib
import email.utils
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

_CONTROL = "/-control"
_DEFAULTS: dict[str, Any] = dict(
    etags=True,
    dates=True,
    query=None,  # the only one that is let in
    no_head=False,  # as object stores do with an address that is signed for GET
    dies_after=None,  # so many answers with a body, then 503
    busy=0,  # so many answers are 503
    down=False,  # all are
    types={},  # Content-Type by path
)


@dataclass(frozen=True)
class Answer:
    """What the server said once."""

    method: str
    path: str
    query: str
    status: int
    sent: int


@dataclass(frozen=True)
class RangeServer:
    """The server as a test sees it.

    Attributes:
        url: Where it is.
        folder: What it serves.
    """

    url: str
    folder: Path

    def set(self, **settings: Any) -> None:
        """Change how it answers from now on."""
        self._control(settings)

    def log(self) -> list[Answer]:
        """What it answered since it was last asked."""
        return [Answer(*answer) for answer in self._control({})]

    def _control(self, settings: dict[str, Any]) -> Any:
        asked = urllib.request.Request(
            self.url + _CONTROL, json.dumps(settings).encode(), method="POST"
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return json.load(answer)


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[RangeServer]:
    """Serve a folder's files on the loopback address."""
    server = subprocess.Popen(
        [sys.executable, __file__, str(folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        yield RangeServer(url, folder)
    finally:
        server.kill()
        server.wait()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path
    settings: ClassVar[dict[str, Any]] = dict(_DEFAULTS)
    answers: ClassVar[list[tuple[str, str, str, int, int]]] = []

    def do_POST(self) -> None:
        changes = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.settings.update(changes)
        said = json.dumps([] if changes else self.answers).encode()
        if not changes:
            self.answers.clear()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def do_HEAD(self) -> None:
        if self.settings["no_head"]:
            self._end(HTTPStatus.FORBIDDEN)
        else:
            self._answer()

    def do_GET(self) -> None:
        left = self.settings["dies_after"]
        if left == 0:
            self._end(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        if left is not None:
            self.settings["dies_after"] = left - 1
        self._answer()

    def _answer(self) -> None:
        if self.settings["down"] or self.settings["busy"]:
            self.settings["busy"] = max(0, self.settings["busy"] - 1)
            self._end(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        asked = urlsplit(self.path)
        if self.settings["query"] not in (None, asked.query):
            self._end(HTTPStatus.FORBIDDEN)
            return
        file = self.folder / unquote(asked.path).lstrip("/")
        if not file.is_file():
            self._end(HTTPStatus.NOT_FOUND)
            return
        facts, headers = file.stat(), {"Accept-Ranges": "bytes"}
        if self.settings["etags"]:
            headers["ETag"] = f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'
        if self.settings["dates"]:
            date = email.utils.formatdate(facts.st_mtime, usegmt=True)
            headers["Last-Modified"] = date
        if asked.path in self.settings["types"]:
            headers["Content-Type"] = self.settings["types"][asked.path]
        first, size, status = 0, facts.st_size, HTTPStatus.OK
        if wanted := self.headers.get("Range"):
            begin, _, end = wanted.removeprefix("bytes=").partition("-")
            first = int(begin)
            size = min(int(end or facts.st_size - 1) + 1, facts.st_size) - first
            status = HTTPStatus.PARTIAL_CONTENT
            if size <= 0:
                self._end(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
                return
            last = first + size - 1
            headers["Content-Range"] = f"bytes {first}-{last}/{facts.st_size}"
        with file.open("rb") as opened:
            opened.seek(first)
            self._end(status, opened.read(size), headers)

    def _end(
        self, status: HTTPStatus, content: bytes = b"", headers: Any = None
    ) -> None:
        asked = urlsplit(self.path)
        body = content if self.command == "GET" else b""
        self.answers.append(
            (self.command, unquote(asked.path), asked.query, status, len(body))
        )
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _serve(folder: str) -> None:
    _Handler.folder = Path(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve(sys.argv[1])
