import pickle
import urllib.parse
from pathlib import Path

import pytest

from mmext.errors import UserError
from mmext.location import Address, beside, gdal_name, here, locate

SIGNED = "https://me:word@host/a%20b/sheet%201.tif?sig=SIGNATURE123&se=2026"


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    monkeypatch.setattr("mmext.hiding._hidden", set())


@pytest.mark.parametrize(
    ("text", "gdal", "shown", "stem"),
    [
        ("http://h/d/a.tif", "/vsicurl/http://h/d/a.tif", "http://h/d/a.tif", "a"),
        ("HTTPS://h/a.tif", "/vsicurl/https://h/a.tif", "https://h/a.tif", "a"),
        (SIGNED, f"/vsicurl/{SIGNED}", "https://host/a%20b/sheet%201.tif", "sheet 1"),
        ("s3://bucket/d/a.tif", "/vsis3/bucket/d/a.tif", "s3://bucket/d/a.tif", "a"),
        ("gs://bucket/a.tif", "/vsigs/bucket/a.tif", "gs://bucket/a.tif", "a"),
        ("az://box/a.b.tif", "/vsiaz/box/a.b.tif", "az://box/a.b.tif", "a.b"),
        ("/vsis3/bucket/a.tif", "/vsis3/bucket/a.tif", "/vsis3/bucket/a.tif", "a"),
        (
            "/vsicurl/https://h/a.tif?sig=12345678",
            "/vsicurl/https://h/a.tif?sig=12345678",
            "/vsicurl/https://h/a.tif",
            "a",
        ),
        (
            "/vsizip/{/vsicurl/https://h/z.zip?sig=12345678}/d/a.tif",
            "/vsizip/{/vsicurl/https://h/z.zip?sig=12345678}/d/a.tif",
            "/vsizip/{/vsicurl/https://h/z.zip}/d/a.tif",
            "a",
        ),
    ],
)
def test_an_address_is_opened_shown_and_called(text, gdal, shown, stem):
    found = locate(text)
    assert (found.gdal, str(found), found.stem) == (gdal, shown, stem)
    assert found.path is None


def test_the_address_among_vsicurls_options_is_the_one():
    url = urllib.parse.quote("https://h/d/a.tif?sig=SIGNATURE123", safe="")
    found = locate(f"/vsicurl?max_retry=2&url={url}")
    assert (str(found), found.stem) == ("https://h/d/a.tif", "a")


@pytest.mark.parametrize("text", ["a.tif", "/d/a.tif", "C:/a.tif", "a:b", "x*/a.tif"])
def test_what_is_no_address_is_a_path_as_it_is(text):
    assert locate(text) == Path(text)
    assert gdal_name(text) == text


@pytest.mark.parametrize("text", ["file:///d/a%20b.tif", "file:/d/a%20b.tif"])
def test_a_file_url_is_a_path(text):
    assert locate(text) == Path("/d/a b.tif")


@pytest.mark.parametrize(
    "text", ["https://h/a.tif", "s3://bucket/a.tif", "/vsicurl/https://h/a.tif"]
)
def test_a_slash_that_a_path_lost_is_found_again(text):
    assert "//" not in str(Path(text))
    assert locate(Path(text)) == locate(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ssh://h/a.tif", "expected a path, http"),
        ("https://h/", "names no file"),
        ("https://h", "names no file"),
        ("s3://bucket", "names no file"),
        ("s3://bucket/d/", "names no file"),
        ("https://h/a%00b.tif", "expected a file name"),
        ("/vsizip//vsicurl/https://h/z.zip?sig=1/a.tif", "expected the archive in"),
    ],
)
def test_what_can_not_be_read_is_refused(text, said):
    with pytest.raises(UserError, match=said):
        locate(text)


def test_secrets_are_in_no_text_of_it():
    found = locate(SIGNED)
    for text in (str(found), repr(found), found.name, found.stem):
        assert not any(part in text for part in ("SIGNATURE", "2026", "word", "me:"))


def test_it_is_the_same_in_another_process():
    found = locate(SIGNED)
    assert pickle.loads(pickle.dumps(found)) == found


@pytest.mark.parametrize(
    ("item", "href", "expected"),
    [
        ("https://h/d/item.json?sig=1", "./a.tif", "https://h/d/a.tif"),
        ("https://h/d/item.json", "../a.tif", "https://h/a.tif"),
        ("https://h/d/item.json", "/a.tif", "https://h/a.tif"),
        ("https://h/d/item.json", "s3://b/a.tif", "s3://b/a.tif"),
        ("s3://b/d/item.json", "./e/a.tif", "/vsis3/b/d/e/a.tif"),
        ("/d/item.json", "./a.tif", "/d/a.tif"),
        ("/d/item.json", "/e/a.tif", "/e/a.tif"),
        ("/d/item.json", "https://h/a.tif", "https://h/a.tif"),
    ],
)
def test_a_file_names_others_from_where_it_lies(item, href, expected):
    assert str(beside(locate(item), href)) == expected


@pytest.mark.parametrize("href", ["file:///etc/passwd", "file:/etc/passwd"])
def test_a_server_can_not_name_files_of_this_machine(href):
    with pytest.raises(UserError, match="a file of this machine"):
        beside(locate("https://h/item.json"), href)


def test_what_is_called_otherwise_lies_where_it_lies():
    found = locate("d/a.tif", "item")
    assert isinstance(found, Address)
    assert (found.stem, found.path, str(found)) == ("item", Path("d/a.tif"), "d/a.tif")


def test_a_store_elsewhere_is_refused():
    with pytest.raises(UserError, match="https://h/store: a tile store is read on"):
        here("https://h/store", "a tile store")
