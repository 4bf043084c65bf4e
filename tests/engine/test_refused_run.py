from pathlib import Path

import pytest

from mmext.engine.refused_run import refused_without_trace
from mmext.errors import UserError


def end(work_dir, error, begun=False):
    with refused_without_trace(Path("c.py"), work_dir, lambda: begun):
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


def test_what_a_component_raises_is_the_configs(tmp_path):
    with pytest.raises(UserError) as caught:
        end(tmp_path / "run", TypeError("no such\nargument"))
    assert str(caught.value) == "c.py: can't be built (TypeError: no such argument)"
    assert isinstance(caught.value.__cause__, TypeError)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), OSError(28)])
def test_the_rest_is_not(error, tmp_path):
    with pytest.raises(type(error)):
        end(tmp_path / "run", error)


def test_a_run_that_has_begun_keeps_its_logs(tmp_path):
    with pytest.raises(TypeError):
        end(tmp_path, TypeError("a defect"), begun=True)
    assert (tmp_path / "20260101").is_dir()
