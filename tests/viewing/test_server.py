import http.client
import json
import socket

import pytest

from mmext.errors import UserError
from mmext.viewing import ViewServer

from .builders import place, verdicts


def ask(server, path, method="GET", body=None, known=True, **headers):
    """Status, headers and body of a request, with the token unless told otherwise."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if known:
        headers.setdefault("Cookie", f"{server.guard.cookie}={server.guard.token}")
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content


def save(server, verdict, **headers):
    said = {"id": 1, "kind": "missing target", "rank": 1, "verdict": verdict}
    ours = {
        "Origin": f"http://127.0.0.1:{server.server_port}",
        "Content_Type": "application/json",
    }
    body = headers.pop("body", None) or json.dumps(said)
    return ask(server, "/verdict", "POST", body, **{**ours, **headers})


def raster_path(server, part="probability"):
    sheet = json.loads(ask(server, "/sheets/0")[2])
    return f"/sheets/0/{part}/{sheet[part]['version']}"


def test_it_listens_on_loopback_only(server):
    assert server.server_address[0] == "127.0.0.1"
    with pytest.raises(UserError, match=r"--port: \d+ can't be listened on"):
        ViewServer(server.view, server.server_port)


def test_the_printed_address_lets_a_browser_in(server):
    path = server.address.partition(str(server.server_port))[2]
    status, headers, _ = ask(server, path, known=False)
    assert status == 303 and headers["Location"] == "/"
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    status, _, page = ask(server, "/", known=False, Cookie=cookie.partition(";")[0])
    assert status == 200 and b"view.js" in page


@pytest.mark.parametrize(
    "path", ["/", "/view.js", "/about", "/sheets/0", "/candidates", "/?token=guess"]
)
def test_without_the_token_nothing_is_told(server, path):
    status, _, content = ask(server, path, known=False)
    assert status == 403
    assert content == b"open the address that mmext view has printed\n"


def test_a_name_that_was_made_to_point_here_is_refused(server):
    host = f"evil.example:{server.server_port}"
    assert ask(server, "/about", Host=host)[0] == 403
    assert save(server, "accept", Host=host, Origin=f"http://{host}")[0] == 403
    good = f"localhost:{server.server_port}"
    assert ask(server, "/about", Host=good)[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../setup.py",
        "/..%2f..%2fsetup.py",
        "//etc/passwd",
        "/static/../server.py",
        "/server.py",
        "/sheets/0/image/../../../etc/passwd",
        "/sheets/0/..%2f..%2fsheet.json/1-1",
        "/sheets/0/sheet.gpkg/1-1",
        "/sheets/-1",
        "/sheets/99",
        "/sheets/0x0",
        "/sheets/0/objects",
        "/sheets/0/objects?bounds=1,2,3",
        "/sheets/0/objects?bounds=nan,2,3,4",
        "/sheets/0/objects?bounds=1,2,3,inf",
    ],
)
def test_nothing_but_the_pages_own_files(server, path):
    status, _, content = ask(server, path)
    assert status in (404, 409) and len(content.splitlines()) == 1


def test_every_answer_says_what_a_page_may_do(server):
    for path in ("/", "/about", "/nothing", raster_path(server)):
        _, headers, _ = ask(server, path)
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Access-Control-Allow-Origin"] is None


def test_ranges_are_the_files_bytes(server, folder):
    whole = (folder / "sheet_probability.tif").read_bytes()
    path = raster_path(server)
    status, headers, content = ask(server, path)
    assert (status, content) == (200, whole) and headers["Accept-Ranges"] == "bytes"
    status, headers, content = ask(server, path, Range="bytes=5-104")
    assert (status, content) == (206, whole[5:105])
    assert headers["Content-Range"] == f"bytes 5-104/{len(whole)}"
    status, _, content = ask(server, path, Range="bytes=-7")
    assert (status, content) == (206, whole[-7:])
    status, headers, content = ask(server, path, Range=f"bytes={len(whole)}-")
    assert status == 416 and headers["Content-Range"] == f"bytes */{len(whole)}"
    status, headers, content = ask(server, path, "HEAD")
    assert (status, content) == (200, b"")
    assert headers["Content-Length"] == str(len(whole))


def test_a_file_that_has_changed_is_not_mixed_with_what_it_was(server, folder):
    path = raster_path(server)
    raster = folder / "sheet_probability.tif"
    raster.write_bytes(raster.read_bytes() + b"more")
    status, _, content = ask(server, path, Range="bytes=0-9")
    assert status == 409
    assert content == b"sheet_probability.tif has changed; load the page again\n"


def test_objects_and_candidates_of_a_part(server):
    bounds = ",".join(map(str, place(150, 100).bounds))
    [feature] = json.loads(ask(server, f"/sheets/0/objects?bounds={bounds}")[2])[
        "features"
    ]
    assert feature["properties"]["source"] == "target"
    bounds = ",".join(map(str, place(40, 40).bounds))
    [feature] = json.loads(ask(server, f"/sheets/0/candidates?bounds={bounds}")[2])[
        "features"
    ]
    assert feature["properties"]["kind"] == "missing target"


def test_a_verdict_is_saved(server, folder):
    status, _, content = save(server, "accept")
    assert (status, json.loads(content)) == (200, {"saved": "accept"})
    assert verdicts(folder / "review.gpkg") == ["accept", "unsure", ""]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"known": False}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"body": "x" * 5000}, 413),
        ({"body": "{"}, 409),
        ({"body": b"\xff"}, 409),
        ({"body": '{"id": 1}'}, 409),
        (
            {
                "body": '{"id": 1, "kind": "missing target", "rank": 1, '
                '"verdict": "accept", "more": 1}'
            },
            409,
        ),
        (
            {
                "body": '{"id": "1", "kind": "missing target", "rank": 1, '
                '"verdict": "accept"}'
            },
            409,
        ),
        (
            {
                "body": '{"id": 1, "kind": "missing target", "rank": 1, '
                '"verdict": "maybe"}'
            },
            409,
        ),
    ],
)
def test_what_is_no_verdict_of_our_page_changes_nothing(
    server, folder, headers, expected
):
    status, _, content = save(server, "accept", **headers)
    assert status == expected and len(content.splitlines()) == 1
    assert verdicts(folder / "review.gpkg") == ["", "unsure", ""]


def test_a_body_without_a_length_is_not_waited_for(server):
    with socket.create_connection(("127.0.0.1", server.server_port), 10) as line:
        line.sendall(
            f"POST /verdict HTTP/1.1\r\nHost: 127.0.0.1:{server.server_port}\r\n"
            f"Origin: http://127.0.0.1:{server.server_port}\r\n"
            f"Cookie: {server.guard.cookie}={server.guard.token}\r\n"
            "Content-Type: application/json\r\n\r\n".encode()
        )
        said = b""
        while chunk := line.recv(4096):
            said += chunk
    assert b" 409 " in said.splitlines()[0] and b"length" in said
