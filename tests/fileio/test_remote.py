"""What servers say of files, in each of the ways in which they say little."""

import os

import pytest
import rasterio

from mmext.errors import UserError
from mmext.fileio.remote import (
    NoSuchFileError,
    content_type,
    exists,
    opening,
    read_text,
    state_of,
)
from mmext.location import locate

NAME = "GDAL_DISABLE_READDIR_ON_OPEN"


def gdal_option(name):
    return rasterio._env.get_gdal_config(name)


@pytest.fixture
def file(server):
    path = server.folder / "a.bin"
    path.write_bytes(bytes(20_000))
    return path


def test_a_state_is_the_size_and_the_etag_of_now(server, file):
    place = locate(f"{server.url}/a.bin")
    first = state_of(place)
    assert first.bytes == 20_000
    assert first.version.startswith('ETag "')
    assert (first.is_known, first.changed) == (True, None)
    assert state_of(place) == first
    file.write_bytes(b"1" * 20_000)
    assert state_of(place).version != first.version


def test_without_an_etag_the_date_counts_and_without_both_nothing(server, file):
    place = locate(f"{server.url}/a.bin")
    server.set(etags=False)
    assert state_of(place).version.startswith("Last-Modified ")
    server.set(dates=False)
    state = state_of(place)
    assert (state.bytes, state.version, state.is_known) == (20_000, None, False)


def test_the_state_of_a_file_here_is_its_size_and_time(file):
    state = state_of(file)
    assert (state.bytes, state.changed) == (20_000, file.stat().st_mtime)
    assert state_of(locate(file, "other name")) == state
    with pytest.raises(NoSuchFileError):
        state_of(file.parent)


def test_a_file_is_missing_or_its_server_says_nothing(server, file):
    assert exists(locate(f"{server.url}/a.bin"))
    assert not exists(locate(f"{server.url}/b.bin"))
    with pytest.raises(NoSuchFileError, match=r"/b\.bin: no such file \(.*404\)"):
        state_of(locate(f"{server.url}/b.bin"))
    server.set(query="sig=right")
    with pytest.raises(UserError, match=r"/a\.bin: can't be read \(.*403\)") as refused:
        exists(locate(f"{server.url}/a.bin?sig=wrong"))
    assert "wrong" not in str(refused.value)
    assert exists(locate(f"{server.url}/a.bin?sig=right"))
    with pytest.raises(UserError, match=r"127.0.0.1:9/a\.bin: can't be read \(CURL"):
        exists(locate("http://127.0.0.1:9/a.bin"))


def test_an_address_signed_for_get_is_asked_by_get(server, file):
    server.set(no_head=True)
    address = f"{server.url}/a.bin?X-Amz-Signature=abcdefgh&X-Amz-Date=20260101T000000Z"
    assert state_of(locate(address)).bytes == 20_000


def test_an_object_store_says_the_whole_size(server, monkeypatch):
    for name, value in {
        "AWS_S3_ENDPOINT": server.url.removeprefix("http://"),
        "AWS_HTTPS": "NO",
        "AWS_VIRTUAL_HOSTING": "FALSE",
        "AWS_NO_SIGN_REQUEST": "YES",
    }.items():
        monkeypatch.setenv(name, value)
    (server.folder / "bucket").mkdir()
    (server.folder / "bucket" / "a.bin").write_bytes(bytes(20_000))
    state = state_of(locate("s3://bucket/a.bin"))
    assert state.bytes == 20_000
    assert state.version.startswith("ETag")
    assert not exists(locate("s3://bucket/b.bin"))


def test_a_busy_server_is_asked_again(server, file, monkeypatch):
    monkeypatch.setenv("GDAL_HTTP_MAX_RETRY", "3")
    monkeypatch.setenv("GDAL_HTTP_RETRY_DELAY", "0.05")
    server.set(busy=2)
    assert state_of(locate(f"{server.url}/a.bin")).bytes == 20_000
    assert [answer.status for answer in server.log()] == [503, 503, 200]


def test_small_texts_are_read(server):
    (server.folder / "a.txt").write_text("\ufeffß\n", "utf-8")
    (server.folder / "b.txt").write_bytes(b"\xff\xfe\x00")
    place = locate(f"{server.url}/a.txt")
    assert read_text(place, "a list", 100) == "ß\n"
    assert content_type(place) == ""
    for name, said in {
        "a.txt": "can't be read, or has more than 3 bytes",
        "b.txt": "can't be read as a list",
        "c.txt": "no such file",
    }.items():
        with pytest.raises(UserError, match=f"{name}: {said}"):
            read_text(locate(f"{server.url}/{name}"), "a list", 3)


def test_only_files_elsewhere_are_opened_without_neighbours(tmp_path, monkeypatch):
    monkeypatch.delenv(NAME, raising=False)
    elsewhere = locate("https://h/a.tif")
    with opening(elsewhere):
        assert gdal_option(NAME) == "EMPTY_DIR"
        with rasterio.Env(), opening(tmp_path / "a.tif"):
            pass
    with opening(tmp_path / "a.tif"):
        assert gdal_option(NAME) is None
    assert gdal_option(NAME) is None
    monkeypatch.setenv(NAME, "FALSE")
    with opening(elsewhere):
        assert gdal_option(NAME) in ("FALSE", False)
    monkeypatch.delenv(NAME)
    with rasterio.Env(**{NAME: "TRUE"}), opening(elsewhere):
        assert gdal_option(NAME) in ("TRUE", True)


def test_a_vrt_here_may_show_files_elsewhere(tmp_path, monkeypatch):
    monkeypatch.delenv("GDAL_HTTP_MAX_RETRY", raising=False)
    with opening(tmp_path / "a.tif"):
        assert "GDAL_HTTP_MAX_RETRY" not in os.environ
    with opening(tmp_path / "a.vrt"):
        assert os.environ["GDAL_HTTP_MAX_RETRY"] == "4"
        assert gdal_option(NAME) is None


def test_what_the_user_says_of_the_network_stays(monkeypatch):
    monkeypatch.setenv("GDAL_HTTP_MAX_RETRY", "7")
    monkeypatch.delenv("GDAL_HTTP_RETRY_DELAY", raising=False)
    locate("https://h/a.tif")
    assert os.environ["GDAL_HTTP_MAX_RETRY"] == "7"
    assert os.environ["GDAL_HTTP_RETRY_DELAY"] == "1"
