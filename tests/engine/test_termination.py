import signal

import pytest

from mmext.engine.termination import termination_noted


def format_badly():
    """As a library does that takes every exception for its own failure."""
    try:
        signal.raise_signal(signal.SIGTERM)
    except:  # noqa: E722 - that is what is tried
        raise SyntaxError("no such syntax") from None


def test_one_signal_is_noted():
    with termination_noted() as termination:
        signal.raise_signal(signal.SIGTERM)
        assert termination.asked and not termination.at_once


def test_the_second_signal_ends_whatever_is_made_of_it():
    with pytest.raises(SystemExit) as ended, termination_noted():
        signal.raise_signal(signal.SIGTERM)
        format_badly()
    assert ended.value.code == 143


def test_other_failures_stay_what_they_are():
    with pytest.raises(SyntaxError), termination_noted():
        format_badly()  # the first signal raises nothing
        raise SyntaxError
    with pytest.raises(ValueError, match="of its own"), termination_noted():
        raise ValueError("of its own")
