from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.hooks import Hook

from mmext.engine.refused_run import refused_without_trace
from mmext.errors import UserError
from mmext.registry import HOOKS


def end(work_dir, error, begun=False):
    with refused_without_trace(Path("c.py"), Config(), work_dir, lambda: begun):
        (work_dir / "20260101" / "vis_data").mkdir(parents=True)
        raise error


@pytest.mark.parametrize("was_there", [True, False])
def test_logs_of_a_refusal_go_and_nothing_else(was_there, tmp_path):
    work_dir = tmp_path / "run"
    if was_there:
        work_dir.mkdir()
        (work_dir / "epoch_1.pth").touch()
    with pytest.raises(UserError, match="no"):
        end(work_dir, UserError("no"))
    left = [path.name for path in tmp_path.rglob("*")]
    assert sorted(left) == (["epoch_1.pth", "run"] if was_there else [])


class Unheard(Exception):
    """Some library's own."""


@pytest.mark.parametrize(
    "kind",
    [TypeError, AssertionError, NotImplementedError, OSError, Unheard],
)
def test_what_a_component_raises_is_the_configs(tmp_path, kind):
    with pytest.raises(UserError) as caught:
        end(tmp_path / "run", kind("no such\nargument"))
    expected = f"c.py: can't be built ({kind.__name__}: no such argument)"
    assert str(caught.value) == expected
    assert isinstance(caught.value.__cause__, kind)


@HOOKS.register_module(force=True)
class NeverBuilt(Hook):
    def __init__(self, number: int = 0) -> None:
        raise ValueError(f"{number} is no use")


def test_the_part_that_refused_is_named(tmp_path):
    hooks = [dict(type="NeverBuilt", number=2), dict(type="NeverBuilt", number=5)]
    config = Config(dict(custom_hooks=hooks))
    for index, number in ((0, 2), (1, 5)):
        with (
            pytest.raises(UserError) as caught,
            refused_without_trace(Path("c.py"), config, tmp_path, lambda: False),
        ):
            HOOKS.build(config.custom_hooks[index])
        assert str(caught.value) == (
            f"c.py: custom_hooks[{index}] (NeverBuilt): can't be built "
            f"(ValueError: {number} is no use)"
        )


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), OSError(28, "")])
def test_the_rest_is_not(error, tmp_path):
    with pytest.raises(type(error)):
        end(tmp_path / "run", error)


def test_a_run_that_has_begun_keeps_its_logs(tmp_path):
    with pytest.raises(TypeError):
        end(tmp_path, TypeError("a defect"), begun=True)
    assert (tmp_path / "20260101").is_dir()
