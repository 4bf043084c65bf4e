"""The config's text, which mmengine lays out anew for every checkpoint."""

import copy

import pytest
from mmengine.config import Config
from yapf.yapflib import yapf_api

from mmext.engine.runner import _FormattedOnce


@pytest.fixture
def laid_out(monkeypatch):
    """The texts that yapf was given."""
    texts = []
    format_code = yapf_api.FormatCode

    def counting(text, **kwargs):
        texts.append(text)
        return format_code(text, **kwargs)

    monkeypatch.setattr(yapf_api, "FormatCode", counting)
    return texts


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("model = dict(type='A', sizes=[1, (2, 3)])\n_own = 4\n")
    return Config.fromfile(path)


def test_the_text_is_mmengines_and_laid_out_once(config, laid_out):
    ours = _FormattedOnce(config)
    assert ours.pretty_text == ours.pretty_text == ours.dump()
    assert len(laid_out) == 1
    assert ours.pretty_text == config.pretty_text
    assert ours.filename == config.filename


def test_a_change_is_seen_however_deep(config, laid_out):
    ours = _FormattedOnce(config)
    before = ours.pretty_text
    ours.model.sizes[0] = 10
    assert "10" in ours.pretty_text
    assert ours.pretty_text == Config(ours.to_dict()).pretty_text != before
    assert len(laid_out) == 3


def test_copies_go_their_own_way(config):
    ours = _FormattedOnce(config)
    before = ours.pretty_text
    for made in (copy.copy(ours), copy.deepcopy(ours), ours.copy()):
        assert made.pretty_text == before
        made.extra = 5
        assert "extra = 5" in made.pretty_text
        assert ours.pretty_text == before
