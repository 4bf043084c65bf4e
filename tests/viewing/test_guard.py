import pytest

from mmext.viewing.guard import Guard


@pytest.fixture
def guard():
    return Guard(8123)


@pytest.mark.parametrize("host", ["127.0.0.1:8123", "localhost:8123", "LocalHost:8123"])
def test_our_own_names(guard, host):
    assert guard.is_for_us({"Host": host})


@pytest.mark.parametrize(
    "host",
    ["", "evil.example:8123", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:8123.evil.org"],
)
def test_another_name_is_a_rebound_one(guard, host):
    assert not guard.is_for_us({"Host": host})


def test_the_token_comes_as_a_cookie_of_our_port(guard):
    assert len(guard.token) >= 32 and guard.token != Guard(8123).token
    good = f"{guard.cookie}={guard.token}"
    assert guard.is_let_in({"Cookie": good})
    assert guard.is_let_in({"Cookie": f"other=1; {good}"})
    assert guard.set_cookie().startswith(good)
    for bad in ("", f"{guard.cookie}=", good[:-1], f"{Guard(9).cookie}={guard.token}"):
        assert not guard.is_let_in({"Cookie": bad})
    assert not guard.is_let_in({})


def test_a_change_comes_from_our_page(guard):
    ours = {"Host": "localhost:8123", "Origin": "http://localhost:8123"}
    assert guard.is_from_our_page(ours)
    for origin in ("http://evil.example", "null", "http://localhost:81", ""):
        assert not guard.is_from_our_page({**ours, "Origin": origin})
    assert not guard.is_from_our_page({"Host": "localhost:8123"})
