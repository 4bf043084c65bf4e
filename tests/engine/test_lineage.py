"""Lineages that can't be followed are refused before anything is trained."""

import json

import pytest
from mmengine.config import Config

from mmext.engine.lineage import Parent, find_parents, refuse_unreachable
from mmext.errors import UserError

from .conftest import CONFIGS

RECORD = dict(config="trunk", seed=0, epochs=10)


@pytest.fixture
def write(tmp_path):
    """Configs of a length and a lineage, otherwise the shipped trunk's."""

    def write(name, max_epochs=10, **lineage):
        text = (
            f"_base_ = {str(CONFIGS / 'stage1_trunk.py')!r}\n"
            f"train_cfg = dict(max_epochs={max_epochs})\n"
        )
        if lineage:
            text += f"lineage = {lineage!r}\n"
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        return path

    return write


def parents_of(path):
    return find_parents(Config.fromfile(path), path, path.parent / "w" / path.stem)


def test_parents_lie_beside(write, tmp_path):
    write("trunk")
    [parent] = parents_of(write("child", parent="trunk", epoch=4, use="branch"))
    assert parent.work_dir == tmp_path / "w" / "trunk"
    assert parent.missing() == [tmp_path / "w" / "trunk" / "epoch_4.pth"]


@pytest.mark.parametrize("use", ["bank", "branch"])
def test_circles(write, use):
    own = write("own", parent="own", epoch=4, use=use)
    with pytest.raises(UserError, match="a circle, own → own"):
        parents_of(own)
    write("a", parent="c", epoch=4, use=use)
    write("b", parent="a", epoch=4, use=use)
    with pytest.raises(UserError, match="a circle, c → b → a → c"):
        parents_of(write("c", parent="b", epoch=4, use=use))
    # Reached, but not closed, by the config itself.
    with pytest.raises(UserError, match="a circle, d → a → c → b → a"):
        parents_of(write("d", parent="a", epoch=4, use=use))


def test_two_parents_of_one_trunk_are_no_circle(write):
    write("trunk")
    for name in ("one", "two"):
        write(name, parent="trunk", epoch=4, use="branch")
    child = write("child", parent=["one", "two"], epoch=8, use="bank")
    assert len(parents_of(child)) == 2


@pytest.mark.parametrize("name", ["../trunk", "", "/trunk", "."])
def test_a_parent_is_a_name(write, name):
    write("trunk")
    child = write("child", parent=name, epoch=4, use="branch")
    with pytest.raises(UserError, match=f"lineage.parent is '{name}', expected the"):
        parents_of(child)


@pytest.mark.parametrize("use", ["branch", "continue"])
@pytest.mark.parametrize("epochs", [3, 4])
def test_a_branch_ends_after_its_parent(write, use, epochs):
    write("trunk")
    child = write("child", epochs, parent="trunk", epoch=4, use=use)
    with pytest.raises(UserError, match=f"max_epochs is {epochs}, expected more than"):
        parents_of(child)


HOOKS = dict(
    a=dict(type="AtomicCheckpointHook", interval=3, max_keep_ckpts=2),
    b=dict(type="ErrorAccumulationHook", begin=5, snapshots=[4, 5, 6, 99]),
)


@pytest.mark.parametrize(
    "use, epoch, found",
    [
        # Saved at 3, 6, 9 and 10; two are kept.
        ("branch", 6, "9, 10"),
        ("branch", 11, "9, 10"),
        ("branch", 9, None),
        ("continue", 10, None),
        # Written at 4, 5, 6 and 10; nothing is accumulated before 6.
        ("bank", 5, "6, 10"),
        ("bank", 7, "6, 10"),
        ("bank", 99, "6, 10"),
        ("bank", 6, None),
        ("bank", 10, None),
    ],
)
def test_what_a_parent_leaves(use, epoch, found, tmp_path):
    parent = Parent(tmp_path / "trunk.py", tmp_path / "trunk", epoch, use)
    config = Config(dict(train_cfg=dict(max_epochs=10), default_hooks=HOOKS))
    if found is None:
        refuse_unreachable(parent, config)
        return
    with pytest.raises(UserError, match=f"leaves those of {found}, lineage.epoch"):
        refuse_unreachable(parent, config)


def test_a_parent_without_accumulation_leaves_no_bank(tmp_path):
    parent = Parent(tmp_path / "trunk.py", tmp_path / "trunk", 10, "bank")
    with pytest.raises(UserError, match="leaves those of none"):
        refuse_unreachable(parent, Config(dict(train_cfg=dict(max_epochs=10))))


@pytest.mark.parametrize(
    "state, unfinished",
    [
        ("running", True),
        ("failed", True),
        ("finished", False),
        ("stopped early", False),
        ("?", True),
    ],
)
def test_a_parent_that_was_killed(state, unfinished, tmp_path):
    parent = Parent(tmp_path / "trunk.py", tmp_path, 4, "bank")
    assert not parent.is_unfinished()
    (tmp_path / "run.json").write_text(json.dumps(RECORD | {"state": state}))
    assert parent.is_unfinished() == unfinished
