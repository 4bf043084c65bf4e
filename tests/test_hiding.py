import logging
import time

import pytest

from mmext.cli.app import run
from mmext.errors import UserError
from mmext.hiding import hide_secrets_of, without_secrets
from mmext.location import locate

URL = "https://me:password1@host/a.tif?X-Sig=abc%2Fdef%2Fghi&se=2026-01-01"
SECRETS = ("password1", "abc", "def", "2026-01-01")


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    monkeypatch.setattr("mmext.hiding._hidden", set())


@pytest.mark.parametrize(
    "text",
    [
        f"{URL}: no such file",
        f"'{URL[:70]}…' is cut",
        "a.tif?X-Sig=abc%2Fdef%2Fghi&se=2026-01-01, band 1: IReadBlock failed",
        "the signature abc/def/ghi has ended",
        "X-Sig=abc%2Fdef%2Fghi is no signature",
        "user me, password (password1)",
        "/vsicurl/https://host/a.tif?se=2026-01-01&X-Sig=abc%2Fdef%2Fghi",
    ],
)
def test_secrets_of_an_address_are_in_no_text(text):
    hide_secrets_of(URL)
    for shown in (without_secrets(text), str(UserError(text))):
        assert not any(secret in shown for secret in SECRETS)


def test_the_rest_of_a_text_stays():
    hide_secrets_of(URL)
    shown = without_secrets(f"{URL}: can't be read as a raster (really?)")
    assert shown.startswith("https://host/a.tif?…")
    assert (
        without_secrets("a.tif: 3 bands, expected 4?") == "a.tif: 3 bands, expected 4?"
    )


@pytest.mark.parametrize("command", ["predict --nope {}", "atlas a b {}", "{}"])
def test_a_command_line_that_is_refused_shows_none(command):
    with pytest.raises(UserError) as refused:
        run(command.format(URL).split())
    assert not any(secret in str(refused.value) for secret in SECRETS)


def test_a_hundred_thousand_signatures_take_no_longer():
    for number in range(100_000):
        hide_secrets_of(f"https://h/{number}.tif?sig=signature{number:09d}")
    began = time.process_time()
    for number in range(1000):
        shown = without_secrets(f"{number}.tif: signature{number:09d} is refused")
        assert shown == f"{number}.tif: … is refused"
    assert time.process_time() - began < 1


def test_gdals_log_shows_none(caplog):
    locate(URL)
    for name in ("rasterio._err", "rasterio._env"):
        logging.getLogger(name).warning("HTTP error code: 503 - %s. Retrying", URL)
    assert "503 - https://host/a.tif" in caplog.text
    assert not any(secret in caplog.text for secret in SECRETS)
