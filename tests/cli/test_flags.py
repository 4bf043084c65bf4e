"""A flag means the same in every command, and old names go on working."""

import shlex
import types
from typing import Annotated, Union, get_args, get_origin

import pytest

from mmext.cli.app import run
from mmext.cli.renamed import RENAMED, renew

from .commands import EVERY, command, parse

#: What a name that several commands have means: its value, and how its help begins.
MEANINGS = {
    "CONFIG": ("Path", "Config file, or mmext::NAME."),
    "CHECKPOINT": ("Path", "Checkpoint, epoch_N.pth"),
    "SNAPSHOT": ("Path", "Error bank after an epoch, error_bank_epoch_N.npz"),
    "IMAGES": ("str", "Images: files, folders, globs, .txt lists; URLs"),
    "WORK_DIRS": ("Path", "Work directories or folders of them."),
    "RUN": ("Path", "Work directory"),
    "MAP": ("str", "A raster of classes (NAME_class.tif"),
    "--out": ("Path", "Where results go, a"),
    "--work-dir": ("Path", "Where the run's files go"),
    "--store": ("Path", "Tile store that "),
    "--labels": ("str", "Labels, as polygons"),
    "--label-layer": ("str", "Layer of the labels"),
    "--label-where": ("str", "Which labels count, as an SQL condition."),
    "--asset": ("str", "Which assets of STAC items, by their keys"),
    "--cfg-options": ("str", "Override settings of the config, as key=value"),
    "--resume": ("bool", "Go on from the newest checkpoint in the work directory."),
    "--device": ("str", "Where the network runs: cpu, cuda or cuda:N"),
    "--launcher": ("Literal", "How the processes of a distributed run"),
    "--overwrite": ("bool", "Replace what is there, "),
    "--tile-size": ("int", "Side of a tile in pixels."),
    "--stride": ("int", "Pixels from one tile to the next"),
    "--tiles": ("int", "How many "),
    "--bands": ("int", "Bands to take, counted from 1"),
    "--nodata": ("float", "Value of pixels that show nothing"),
    "--min-valid": ("float", "Leave out tiles with a smaller share"),
    "--by-pixel": ("bool", "Leave coordinate systems out"),
    "--tta": ("bool", "Average over the four mirror images."),
    "--batch-size": ("int", "Images at once."),
    "--jobs": ("int", "How many at once: "),
    "--shard": ("str", "Part I of N alone, I/N with I from 0"),
    "--merge": ("bool", "Put together what is finished"),
    "--cluster": ("str", "By the workers of a dask cluster: local, local:N for N"),
    "--seed": ("int", "Where random numbers start"),
    "--size": ("int", "Width and height, pixels."),
    "--title": ("str", "Title of the page."),
}


def value_of(hint):
    """The name of the type of one value."""
    while get_origin(hint) in (Annotated, Union, types.UnionType, list, tuple):
        hint = next(x for x in get_args(hint) if x is not type(None))
    return "Literal" if get_origin(hint) else hint.__name__


def arguments():
    for names in EVERY:
        found = command(names).assemble_argument_collection(parse_docstring=True)
        for argument in found:
            if argument.show and not argument.children:
                yield " ".join(names), argument


def test_a_name_has_one_meaning():
    seen = {}
    for owner, argument in arguments():
        help_text = " ".join(argument.parameter.help.split())
        seen.setdefault(argument.name, []).append((owner, value_of(argument.hint)))
        if argument.name in MEANINGS:
            kind, meaning = MEANINGS[argument.name]
            assert value_of(argument.hint) == kind, (owner, argument.name)
            assert help_text.startswith(meaning), (owner, argument.name)
    several = {name for name, owners in seen.items() if len(owners) > 1}
    assert several == {*MEANINGS}


def test_what_has_no_flag_in_one_command_has_none_in_another():
    names = {argument.name for _, argument in arguments()}
    plain = {name for name in names if not name.startswith("-")}
    assert {"CONFIG", "CHECKPOINT", "IMAGES"} <= plain
    assert not {f"--{name.lower().replace('_', '-')}" for name in plain} & names


def test_an_old_name_is_none_of_a_commands_own_and_its_new_one_is():
    for owner, renamed in RENAMED.items():
        names = {a.name for own, a in arguments() if own == owner}
        assert not names & {*renamed}
        assert {new.removesuffix("...") for new in renamed.values()} <= names


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "prepare --labels l.tif --images a b --out o",
            "prepare a b --labels l.tif --out o",
        ),
        (
            "prepare --images=a --masks . --bands 1 2 --out=o",
            "prepare a --masks . --out o --bands 1 2",
        ),
        (
            "evaluate --truth l.tif --map m.tif --where x=1 --out o",
            "evaluate m.tif --labels l.tif --label-where x=1 --out o",
        ),
        (
            "review --store . --checkpoint c.pth b.npz --out o",
            "review b.npz c.pth --store . --out o",
        ),
        ("report . --window=: --out o", "report . --epochs : --out o"),
        ("report --out o --window 5 .", "report . --out o --epochs 5"),
        ("depth report . --frames 1 2 --out o", "depth report . --samples 1 2 --out o"),
        (
            "depth scenes --train 3 --test 2 --out o",
            "depth scenes --train-scenes 3 --test-scenes 2 --out o",
        ),
        (
            "depth teach --dataset D --options a=1 b=--map --model m --out o",
            "depth teach --dataset D --dataset-options a=1 b=--map --model m --out o",
        ),
        ("test c.py c.pth --work-dir o", "test c.py c.pth --out o"),
    ],
)
def test_old_names_go_on_working(old, new, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("l.tif", "m.tif", "b.npz", "c.pth", "c.py"):
        (tmp_path / name).touch()
    assert parse(renew(old.split())) == parse(new)
    said = capsys.readouterr().err.splitlines()
    assert said and all(line.startswith("warning: --") for line in said)
    assert renew(new.split()) == new.split() and not capsys.readouterr().err


def test_a_command_is_called_by_its_old_flags(tmp_path, capsys):
    run(
        shlex.split(
            f"depth scenes --train 1 --test 0 --frames 1 --size 8 8 --out {tmp_path}/s"
        )
    )
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "warning: --train of mmext depth scenes is now --train-scenes"
    assert len(list((tmp_path / "s" / "thermal").iterdir())) == 1
