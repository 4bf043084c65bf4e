from fnmatch import fnmatch
from pathlib import Path

import pytest

from mmext.errors import UserError
from mmext.study.study_file import read_study

ROOT = Path(__file__).resolve().parents[2]

GOOD = """
configs = '{root}/configs'
stores = dict(train='a', val='b', test='c')
seeds = [0, 1]
options = {{'*': {{'epoch_scale': 0.1}}}}
_levels = [0.2, 0.5]
reference = 'one'
arms = [
    dict(name='one', config='stage1_baseline',
         decoders=[dict(threshold=t) for t in _levels]),
    dict(name='two', config='stage2_B100-300'),
]
"""


@pytest.mark.parametrize("path", sorted((ROOT / "configs/studies").glob("*.py")))
def test_shipped_studies_are_valid(path):
    study = read_study(path)
    assert len(study.arms) > 2
    assert all(study.origin(arm.training)[0].is_file() for arm in study.arms)


def test_shipped_studies_may_share_their_trainings():
    found = {}
    for path in sorted((ROOT / "configs/studies").glob("*.py")):
        for name, training in read_study(path).trainings.items():
            assert found.setdefault(name, training) == training
    assert len(found) == 65


def test_what_is_read(tmp_path):
    path = tmp_path / "study.py"
    path.write_text(GOOD.format(root=ROOT))
    study = read_study(path)
    assert [arm.name for arm in study.arms] == ["one", "two"]
    assert (study.reference, study.questions) == (("one",), ())
    assert study.arms[0].decoders == (dict(threshold=0.2), dict(threshold=0.5))
    assert study.training_options["*"] == {
        "epoch_scale": 0.1,
        "train_dataloader.dataset.store": "a",
        "val_dataloader.dataset.store": "b",
        "test_dataloader.dataset.store": "c",
    }


def test_what_a_training_says_itself_comes_before_the_patterns(tmp_path):
    path = tmp_path / "study.py"
    path.write_text(
        GOOD.format(root=ROOT)
        + "trainings = dict(own=dict(config='stage1_trunk', options={'a.b': 1}))\n"
        "options = {'own': {'a.b': 2, 'c': 2}, '*': {'a.b': 3}, 'o*': {'a.b': 4}}"
    )
    found = {}
    for pattern, values in read_study(path).training_options.items():
        if fnmatch("own", pattern):
            found |= values
    assert (found["a.b"], found["c"]) == (1, 2)


@pytest.mark.parametrize(
    "line",
    [
        "options = {'*': {'randomness.seed': 3}}",
        "trainings = dict(x=dict(config='stage1_trunk', options=dict(randomness={})))",
    ],
)
def test_seeds_are_the_studys_own(tmp_path, line):
    path = tmp_path / "study.py"
    path.write_text(GOOD.format(root=ROOT) + line)
    with pytest.raises(UserError, match=r"have randomness.*; the study's seeds say"):
        read_study(path)


def test_a_pattern_of_no_training_is_refused(tmp_path):
    path = tmp_path / "study.py"
    text = GOOD.format(root=ROOT)
    path.write_text(text + "options['stage1_trnk'] = dict(epoch_scale=1)")
    with pytest.raises(UserError, match=r"of 'stage1_trnk' match no .* stage1_trunk"):
        read_study(path)
    path.write_text(text + "options['stage2_?100*'] = dict(epoch_scale=1)")
    read_study(path)


def test_standard_decoders(tmp_path):
    path = tmp_path / "study.py"
    text = GOOD.replace("[dict(threshold=t) for t in _levels]", "'standard'")
    path.write_text(text.format(root=ROOT))
    assert read_study(path).arms[0].decoders == "standard"
    path.write_text(text.format(root=ROOT).replace("'standard'", "'usual'"))
    message = "arm 'one': decoders: is 'usual', expected standard or a list"
    with pytest.raises(UserError, match=message):
        read_study(path)


ASKED = """
seeds = [0, 1, 2]
reference = ['two', 'one']
questions = [
    dict(name='better?', arm='two', against='one', endpoint='iou', margin=0.02),
    dict(name='best?', arm='one', against=['two', 'both'], endpoint='iou', margin=1),
]
arms += [dict(name='both', config='stage1_baseline', ensemble='mean')]
"""


def test_questions(tmp_path):
    path = tmp_path / "study.py"
    text = GOOD.format(root=ROOT) + ASKED.replace(", ensemble='mean'", "")
    path.write_text(text)
    study = read_study(path)
    assert study.reference == ("two", "one")
    first, second = study.questions
    assert (first.arm, first.rivals, first.margin) == ("two", ("one",), 0.02)
    assert second.rivals == ("two", "both")


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("", "", r"questions\[1\]: 'both' is an ensemble, whose seeds share"),
        ("seeds = [0, 1, 2]", "", "questions: 2 seeds, expected at least 3 to decide"),
        ("against='one'", "against='none'", r"\[0\]: compares 'two' with 'none', exp"),
        ("against='one'", "against='two'", r"\[0\]: compares 'two' with 'two', expec"),
        ("against='one'", "against=[]", r"\[0\]: compares 'two', expected different"),
        ("margin=0.02", "margin=0", r"questions\[0\].margin: is 0, expected more than"),
        ("margin=0.02", "marge=1", r"questions\[0\].margin: missing"),
        (
            "endpoint='iou'",
            "endpoint='f1'",
            r"endpoint: is 'f1', expected one of iou, dev",
        ),
        ("['two', 'one']", "['two', 'three']", "expected different names, the ref"),
        ("['two', 'one']", "[]", r"the reference \[\] among them"),
    ],
)
def test_questions_that_can_not_be_asked(tmp_path, old, new, message):
    path = tmp_path / "study.py"
    assert old in ASKED
    path.write_text(GOOD.format(root=ROOT) + ASKED.replace(old, new, 1))
    with pytest.raises(UserError, match=message):
        read_study(path)


STEADY = """
stability = dict(last=40, every=2)
arms += [
    dict(name='steady', config='stage1_baseline', stability=True),
    dict(name='mean', config='stage1_baseline', weights=dict(mean=40)),
    dict(name='ema', config='stage1_baseline', weights=dict(ema=0.9, last=20)),
    dict(name='statistics', config='stage1_baseline', weights=dict(batch_norm=True)),
    dict(name='stopped', config='stage1_baseline', weights=dict(best='val')),
]
"""


def test_weights_and_stability(tmp_path):
    path = tmp_path / "study.py"
    path.write_text(GOOD.format(root=ROOT) + STEADY)
    study = read_study(path)
    assert (study.stability.last, study.stability.every) == (40, 2)
    assert [arm.name for arm in study.arms if arm.stability] == ["steady"]
    names = [arm.weights.name for arm in study.arms[3:]]
    assert names == ["mean_40", "ema_0.9_last_20", "batch_norm", "best_val"]
    assert study.arms[0].weights is None


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("mean=40", "mean=0", r"arm 'mean': weights.mean: is 0, expected at least 1"),
        ("mean=40", "", r"arm 'mean': weights: is {}, expected one of mean, ema, bat"),
        ("mean=40", "mean=4, ema=0.9", "expected one of mean, ema, batch_norm and b"),
        ("mean=40", "mean=4, last=3", "expected last together with ema or best only"),
        ("mean=40", "mean=4, every=3", "expected every together with best only"),
        ("ema=0.9", "ema=1", r"arm 'ema': weights.ema: is 1, expected less than 1"),
        ("batch_norm=True", "batch_norm=False", "weights.batch_norm: is False, exp"),
        ("best='val'", "best='test'", "weights.best: is 'test', expected val"),
        ("mean=40", "man=40", "weights.man: unknown key"),
        ("every=2", "evry=2", "stability.evry: unknown key"),
        (
            "last=40, every",
            "last=0, every",
            "stability.last: is 0, expected at least 1",
        ),
        ("stability = dict(last=40, every=2)", "", "stability: is missing, and of the"),
        (", stability=True", "", "stability: is set, and of no arm True; expected bo"),
        ("stability=True", "stability=1", "arm 'steady': stability: is 1, expected t"),
        ("mean=40)", "mean=40), stability=True", "'mean': has stability with weights"),
        (
            "stability=True",
            "stability=True, ensemble='mean'",
            "'steady': has stability with ensemble, expected a training as it is",
        ),
        (
            "arms += [",
            "seeds = [0, 1, 2]\nquestions = [dict(name='?', arm='steady', "
            "against='mean', endpoint='deviation', margin=1)]\narms += [",
            r"questions\[0\]: asks for the deviation of 'mean', expected stability=T",
        ),
    ],
)
def test_weights_and_stability_that_can_not_be(tmp_path, old, new, message):
    path = tmp_path / "study.py"
    assert old in STEADY
    path.write_text(GOOD.format(root=ROOT) + STEADY.replace(old, new, 1))
    with pytest.raises(UserError, match=message):
        read_study(path)


def test_configs_that_come_with_mmext(tmp_path):
    path = tmp_path / "study.py"
    path.write_text(GOOD.replace("{root}/configs", "mmext::").format())
    config, options = read_study(path).origin("stage1_baseline")
    assert (config, options) == (ROOT / "configs" / "stage1_baseline.py", {})


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("seeds", "seed", r"has arms, configs, options.*expected"),
        ("val=", "valid=", "stores: has test, train, valid"),
        ("reference = 'one'", "reference = 'three'", "'three' among them"),
        ("name='two'", "name='one'", "expected different names"),
        ("stage2_B100-300", "stage2_B", r"'stage2_B': there is no .*stage2_B\.py"),
        ("stage2_B100-300", "../x", r"arm 'two': config: is '../x', expected a plain"),
        ("arms = [", "trainings = dict(a=3)\narms = [", r"trainings.a: is 3"),
        (
            "arms = [",
            "trainings = dict(a=dict(config='b'))\narms = [",
            r"trainings.a: there is no .*b\.py",
        ),
        (
            "arms = [",
            "trainings = dict(a=dict(confg='b'))\narms = [",
            r"trainings.a.*conf",
        ),
        (
            "arms = [",
            "trainings = {{'../a': dict(config='stage1_A')}}\narms = [",
            r"trainings.*plain file name",
        ),
        ("decoders=", "decoder=", "has the keys name, config, decoder"),
        ("B100-300'", "B100-300', ensemble='max'", "expected one of mean, union"),
        ("{root}/configs", "mmext::arm", "configs is 'mmext::arm', expected a"),
        ("dict(name='two'", "dict(nam='two'", "expected name, config"),
    ],
)
def test_mistakes_are_named(tmp_path, old, new, message):
    path = tmp_path / "study.py"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new).format(root=ROOT))
    with pytest.raises(UserError, match=message):
        read_study(path)


def test_no_file(tmp_path):
    with pytest.raises(UserError, match="no such config"):
        read_study(tmp_path / "none.py")
