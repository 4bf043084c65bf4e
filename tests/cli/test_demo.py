"""The demo's steps are commands that parse, in an order in which each has its input."""

import shlex
from pathlib import Path

import pytest

from mmext.cli.app import build_app
from mmext.cli.demo import demo
from mmext.cli.depth_demo import demo as depth_demo
from mmext.cli.steps import Step, run_steps
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
                    assert Path(given["images"][0]).is_file()

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


def test_the_depth_demo(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    called = []

    def pretend(line):
        tokens = shlex.split(line)
        _, bound, _ = build_app(tokens).parse_args(
            tokens, exit_on_error=False, print_error=False
        )
        called.append(" ".join(tokens[: 1 if tokens[0] == "train" else 2]))
        out = bound.arguments.get("out")
        if called[-1] == "depth scenes":
            out.mkdir(parents=True)
            (out / "samples.csv").touch()
        elif called[-1] == "train" and bound.arguments["config"].stem == "all":
            Path("work_dirs/depth/demo/all").mkdir(parents=True)
            Path("work_dirs/depth/demo/all/epoch_20.pth").touch()

    monkeypatch.setattr("mmext.cli.app.run", lambda tokens: pretend(shlex.join(tokens)))
    monkeypatch.setattr("mmext.cli.steps._run_apart", pretend)
    depth_demo()
    assert called == [
        "depth scenes",
        *["train"] * 5,
        "depth predict",
        "depth report",
    ]


def test_commands_side_by_side_end_with_the_one_that_failed(
    tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)  # and back, when the test is over
    steps = [
        Step("two", ("scenes --out o --size 3", "--version")),
        Step("never", ("scenes --out o",)),
    ]
    with pytest.raises(UserError, match=r"^mmext scenes --out o --size 3: failed"):
        run_steps(steps, tmp_path)
    shown = capfd.readouterr()
    assert "--size: 1 value, expected 2" in shown.err
    assert "never" not in shown.out and "0.1.0" in shown.out
