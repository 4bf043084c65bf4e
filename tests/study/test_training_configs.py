"""Configs of a study's trainings against the configs and options they are made of."""

from pathlib import Path

import pytest

from mmext.engine.build_config import load_config
from mmext.errors import UserError
from mmext.inference.config_data import plain_config
from mmext.study.study_file import read_study
from mmext.study.training_configs import write_training_configs

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
TEXT = """
configs = {configs!r}
stores = dict(train='a', val='b', test='c')
seeds = [0]
options = {{'*': {{'epoch_scale': 0.1}}}}
trainings = {trainings!r}
reference = 'only'
arms = [dict(name='only', config={arm!r}), dict(name='again', config={arm!r})]
"""
FOCAL = {
    "model.decode_head.loss": dict(_delete_=True, type="BinaryFocalLoss"),
    "train_dataloader.dataset.pipeline.1.type": "PackTileInputs",
}


@pytest.fixture
def write(tmp_path):
    def write(arm, configs=CONFIGS, **trainings):
        path = tmp_path / "study.py"
        path.write_text(TEXT.format(configs=str(configs), arm=arm, trainings=trainings))
        return write_training_configs(read_study(path), tmp_path / "out")

    return write


def resolved(path, options=None):
    return plain_config(load_config(path, options))


def test_a_training_is_its_config_with_its_options(write):
    [path] = write("focal", focal=dict(config="stage1_trunk", options=FOCAL))
    assert (path.parent.name, path.name) == ("configs", "focal.py")
    trunk = CONFIGS / "stage1_trunk.py"
    assert resolved(path) == resolved(trunk, FOCAL) != resolved(trunk)
    assert load_config(path).model.decode_head.loss == dict(type="BinaryFocalLoss")


def test_parents_are_written_the_studys_own_first(write):
    trunk = dict(config="stage1_trunk", options={"log_level": "ERROR"})
    [path] = write("stage2_B100-300", stage1_trunk=trunk)
    names = sorted(file.stem for file in path.parent.iterdir())
    assert names == ["stage1_B", "stage1_trunk", "stage2_B100-300"]
    folder = path.parent
    assert load_config(folder / "stage1_trunk.py").log_level == "ERROR"
    assert resolved(folder / "stage1_B.py") == resolved(CONFIGS / "stage1_B.py")


def test_one_name_is_not_two_trainings_of_a_folder(write, tmp_path):
    made = dict(config="stage1_trunk", options=FOCAL)
    write("mine", mine=dict(config="stage1_trunk"))
    [path] = write("mine", mine=made)  # nothing is trained of it yet
    (tmp_path / "out" / "seed7" / "mine").mkdir(parents=True)
    assert write("mine", mine=made) == [path]
    before = path.read_text()
    with pytest.raises(UserError, match=r"seed7/mine: was .* another model.decode_he"):
        write("mine", mine=dict(config="stage1_trunk"))
    with pytest.raises(UserError, match=r"seed7/mine: was .* expected another name"):
        write("mine", mine=dict(config="stage1_A", options=FOCAL))
    assert path.read_text() == before


def test_what_can_not_be_made_is_refused(write, tmp_path):
    for options, message in (
        ({"modle.type": "x"}, r"study.py: trainings.mine: --cfg-options modle.type: "),
        ({"lineage": dict(parent="none", epoch=1, use="bank")}, "'none': there is no "),
    ):
        with pytest.raises(UserError, match=message):
            write("mine", mine=dict(config="stage2_B100-300", options=options))
    (tmp_path / "broken.py").write_text("a = 1 / 0\n")
    with pytest.raises(UserError, match=r"broken.py: not a valid config"):
        write("broken", configs=tmp_path)
    assert not list(tmp_path.glob("out/configs/broken*"))


def test_a_circle_ends(write):
    def grows(parent):
        lineage = dict(parent=parent, epoch=1, use="bank")
        return dict(config="stage2_B100-300", options={"lineage": lineage})

    [path] = write("one", one=grows("two"), two=grows("one"))
    assert path.with_name("two.py").is_file()


def test_parents_of_a_config_of_ones_own_lie_beside_its_base(write, tmp_path):
    (tmp_path / "own.py").write_text("_base_ = 'mmext::stage2_A100-200.py'\n")
    [path] = write("own", configs=tmp_path)
    trunk = path.with_name("stage1_trunk.py")
    assert resolved(trunk) == resolved(CONFIGS / "stage1_trunk.py")
