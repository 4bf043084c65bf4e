"""Rules of one's own decide masks, scores, exports and studies alike."""

import numpy as np
import pytest
import torch
from scipy.special import expit

from mmext.errors import UserError
from mmext.evaluation.answers import SceneLogits
from mmext.evaluation.decision_rule import DecisionRule
from mmext.models import UnionDecoder
from mmext.models.decoders import pixel_rules
from mmext.models.decoders.pixel_rules import pixel_rule
from mmext.models.decoders.score import decision_score

CHANNELS = ("target", "fn", "fp")


@pytest.fixture(autouse=True)
def _rules_as_they_were():
    known = dict(pixel_rules.PIXEL_RULES)
    yield
    pixel_rules.PIXEL_RULES.clear()
    pixel_rules.PIXEL_RULES.update(known)
    pixel_rules.refuse_two_answers.cache_clear()


def two_of_three(channels, inverse):
    a, b, c = channels.values()
    return torch.maximum(torch.minimum(a, b), torch.minimum(torch.maximum(a, b), c))


def only_new(channels, inverse):
    return torch.minimum(channels["fn"], inverse(channels["target"]))


@pytest.fixture
def logits():
    values = np.random.default_rng(0).normal(0, 2, (3, 40, 50))
    return values.astype(np.float32)


@pytest.mark.parametrize(
    "rule, naive",
    [
        (two_of_three, lambda t, fn, fp: t.astype(int) + fn + fp >= 2),
        (only_new, lambda t, fn, fp: fn & ~t),
    ],
)
def test_a_rule_decides_everywhere(rule, naive, logits):
    pixel_rule("own", needs=("target",))(rule)
    levels = dict(target=0.6, fn=0.2, fp=0.35)
    decoder = UnionDecoder("own", levels)
    probabilities = torch.from_numpy(expit(logits))[None]
    expected = naive(*(expit(logits) > np.reshape([0.6, 0.2, 0.35], (3, 1, 1))))
    assert expected.any() and not expected.all()

    decision = decoder(probabilities, CHANNELS)
    np.testing.assert_array_equal(decision["mask"][0], expected)
    score = decision_score(probabilities, CHANNELS, decoder)[0]
    np.testing.assert_array_equal(score > 0.5, expected)
    in_study = DecisionRule(decoder.settings)
    scene = SceneLogits(logits=logits, target=np.zeros((40, 50), np.uint8))
    np.testing.assert_array_equal(in_study.mask(scene, CHANNELS), expected)
    np.testing.assert_array_equal(in_study.score(logits, CHANNELS) > 0, expected)


def test_it_grows_as_others_do(logits):
    pixel_rule("own")(two_of_three)
    probabilities = torch.from_numpy(expit(logits))[None]
    small, grown = (
        UnionDecoder("own", 0.9, grow=pixels)(probabilities, CHANNELS)["mask"]
        for pixels in (0, 1)
    )
    assert (grown & small).sum() == small.sum() < grown.sum()


def mean(channels, inverse):
    # "More than half": of masks and of scores not the same pixels.
    answers = torch.stack(list(channels.values()))
    share = answers.double().mean(0)
    return share > 0.5 if answers.dtype == torch.bool else share


def test_a_rule_that_scores_otherwise_is_refused():
    pixel_rule("mean")(mean)
    with pytest.raises(UserError, match="'mean' decides otherwise by scores"):
        UnionDecoder("mean").check(CHANNELS)


def test_a_channel_that_is_not_there_is_refused():
    pixel_rule("own", needs=("fn",))(only_new)
    with pytest.raises(UserError, match="'own', which needs the channel fn"):
        UnionDecoder("own").check(("target", "error"))
    pixel_rule("careless")(only_new)
    with pytest.raises(UserError, match="'careless' looks at the channel 'fn'"):
        UnionDecoder("careless").check(("target", "error"))


def test_a_name_is_taken_once():
    with pytest.raises(UserError, match="'union' is taken"):
        pixel_rule("union")(two_of_three)


def test_an_unknown_rule_is_looked_for_in_ones_own_modules(tmp_path, monkeypatch):
    (tmp_path / "my_rules.py").write_text(
        "import torch\n"
        "from mmext.models.decoders.pixel_rules import pixel_rule\n"
        "@pixel_rule('from_my_module')\n"
        "def rule(channels, inverse):\n"
        "    return inverse(channels['target'])\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=r"'from_my_module', expected one of.*IMPORTS"):
        UnionDecoder("from_my_module")
    monkeypatch.setenv("MMEXT_IMPORTS", "my_rules")
    mask = UnionDecoder("from_my_module")(torch.tensor([[[[0.2, 0.9]]]]), ["target"])
    assert mask["mask"].tolist() == [[[True, False]]]
