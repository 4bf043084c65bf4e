"""The demo's steps are commands that parse, in an order in which each has its input."""

import shlex
from pathlib import Path

import pytest

from mmext.cli.app import build_app
from mmext.cli.demo import demo
from mmext.errors import UserError


@pytest.fixture
def steps(monkeypatch, tmp_path):
    """Call the demo with commands that only parse, and make what the real ones do."""
    monkeypatch.chdir(tmp_path)

    def run(out=None, fail_at=None):
        called = []

        def pretend(tokens):
            _, bound, _ = build_app(tokens).parse_args(
                tokens, exit_on_error=False, print_error=False
            )
            given = bound.arguments
            if tokens[0] == fail_at:
                raise UserError("no")
            called.append(tokens[0])
            match tokens[0]:
                case "scenes":
                    given["out"].mkdir(parents=True, exist_ok=True)
                    for end in (".tif", "_fields.gpkg", ".png"):
                        (given["out"] / f"{given['name']}{end}").touch()
                case "prepare":
                    assert Path(given["images"][0]).is_file()
                    given["out"].mkdir()
                case "train" if "stage2" in given["config"].stem:
                    run_dir = Path("work_dirs/demo", given["config"].stem)
                    run_dir.mkdir(parents=True, exist_ok=True)
                    (run_dir / "epoch_32.pth").touch()
                case "predict":
                    assert Path(given["scenes"][0]).is_file()

        monkeypatch.setattr("mmext.cli.app.run", pretend)
        try:
            demo(out=out)
        except UserError:
            called.append("failed")
        return called

    return run


EVERY = [*["scenes"] * 2, *["prepare"] * 2, *["train"] * 2, "predict", "report"]


def test_all_once_then_only_what_is_not_known_to_be_finished(steps, tmp_path, capsys):
    assert steps() == EVERY
    assert (tmp_path / "data/demo/train").is_dir()
    shown = capsys.readouterr().out
    lines = [x.strip() for x in shown.splitlines() if x.startswith("   $ ")]
    assert [shlex.split(x)[2] for x in lines] == EVERY
    # Trainings and scenes that are mapped find out themselves.
    assert steps() == ["train", "train", "predict", "report"]


def test_another_folder(steps, tmp_path, capsys):
    out = tmp_path / "some where" / "else"
    assert steps(out) == EVERY
    assert sorted(p.name for p in out.iterdir()) == ["data", "work_dirs"]
    assert [p.name for p in tmp_path.iterdir()] == ["some where"]
    assert f"$ cd '{out}'" in capsys.readouterr().out


def test_it_ends_at_the_first_step_that_fails_and_goes_on_there(steps, capsys):
    assert steps(fail_at="prepare") == ["scenes", "scenes", "failed"]
    assert "Look at" not in capsys.readouterr().out
    assert steps() == EVERY[2:]
