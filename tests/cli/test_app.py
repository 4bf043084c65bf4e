import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mmext.cli.app import COMMANDS, DEPTH_COMMANDS, main, run
from mmext.errors import UserError

from .commands import EVERY, command, parse

ROOT = Path(__file__).resolve().parents[2]


def test_help_names_every_command_and_imports_none(capsys):
    before = set(sys.modules)
    run(["--help"])
    text = capsys.readouterr().out
    run(["depth", "--help"])
    depth = capsys.readouterr().out
    assert all(re.search(rf"^│ {name} ", text, re.M) for name in COMMANDS)
    assert all(re.search(rf"^│ {name} ", depth, re.M) for name in DEPTH_COMMANDS)
    assert not {name for name in set(sys.modules) - before if "mmext.cli" in name}


@pytest.mark.parametrize("names", EVERY, ids=" ".join)
def test_help_of_a_command_says_what_its_line_and_arguments_are(names, capsys):
    lines = DEPTH_COMMANDS if len(names) == 2 else COMMANDS
    function = command(names).default_command
    assert inspect.getdoc(function).splitlines()[0] == lines[names[-1]][1]
    arguments = command(names).assemble_argument_collection(parse_docstring=True)
    for argument in arguments:
        if argument.show and not argument.children:
            assert argument.parameter.help, argument.name
    run([*names, "--help"])
    text = capsys.readouterr().out
    assert f"mmext {' '.join(names)} " in text
    # An example keeps its line breaks.
    examples = [x for x in inspect.getdoc(function).splitlines() if x[:4] == "    "]
    first = next(x.strip() for x in examples if x.strip().startswith("mmext"))
    assert re.search(rf"^ {re.escape(first)}\s*$", text, re.M)


def test_reading_a_command_line_imports_nothing_heavy():
    heavy = "torch", "mmengine", "rasterio", "geopandas", "numpy", "matplotlib"
    script = (
        "import sys\nfrom mmext.cli.app import run\n"
        f"for names in {EVERY!r}: run([*names, '--help'])\n"
        f"print(sorted(set({heavy!r}) & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout.splitlines()[-1] == "[]"


def test_every_tool_is_one_of_the_commands(monkeypatch):
    called = []
    monkeypatch.setattr("mmext.cli.app.main", lambda *names: called.append(names))
    for path in sorted((ROOT / "tools").glob("*.py")):
        exec(compile(path.read_text(), path, "exec"), {"__name__": "__main__"})
    # The demos are tools/demo.sh and demo_depth.sh, which make folders there.
    assert sorted(called) == sorted(names for names in EVERY if names[-1] != "demo")


def test_values_come_as_their_types(tmp_path):
    image = tmp_path / "a.tif"
    image.touch()
    found = parse(
        f"prepare a.tif b.tif --labels {image} --out {tmp_path / 'o'} "
        "--tile-size 128 --bands 1 3 --nodata -9999 --label-values -1 2"
    )
    assert found["images"] == ["a.tif", "b.tif"] and found["labels"] == [str(image)]
    assert found["label_values"] == [-1, 2]
    cutting = found["cutting"]
    assert (cutting.tile_size, cutting.step, cutting.bands) == (128, 128, (1, 3))
    assert cutting.nodata == -9999.0 and cutting.min_valid == 0
    found = parse(f"prepare a --masks {tmp_path} --out o --nodata none")
    assert found["cutting"].nodata is None
    found = parse(f"prepare a --masks {tmp_path} --out o --nodata auto")
    assert found["cutting"].nodata == "auto"
    found = parse(f"predict {image} x/ y* --out {tmp_path} --tta --float --min-area 5")
    assert found["images"] == ["x/", "y*"] and found["device"] is None
    assert found["settings"].flips and found["settings"].float_probabilities
    found = parse("scenes --out o --size 3 4 --name=n")
    assert (found["size"], found["name"]) == ((3, 4), "n")
    found = parse(f"train {image} --local_rank 2 --cfg-options a=1 b.c=[1,2] --resume")
    assert found["local_rank"] == 2 and found["cfg_options"] == ["a=1", "b.c=[1,2]"]
    assert parse(f"train {image} --local-rank=3")["local_rank"] == 3


def test_a_config_of_mmext_goes_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trunk = ROOT / "configs" / "demo" / "stage1_trunk.py"
    assert parse("train mmext::demo/stage1_trunk.py")["config"] == trunk
    assert parse("doctor mmext::demo/stage1_trunk.py")["config"] == trunk
    assert parse("reproduce mmext::demo --out o")["configs"] == trunk.parent
    Path("own.py").touch()
    assert parse("train own.py")["config"] == Path("own.py")


def test_choices_are_those_of_the_library():
    from mmext import benchmark
    from mmext.datasets.depth.structural_maps import SPACES
    from mmext.prepare.structural_depth import NORMALISATIONS
    from mmext.synthetic.farmland import REGIONS
    from mmext.synthetic.thermal import KINDS

    def choices(names, flag):
        found = command(names).assemble_argument_collection()
        return set(found.get(flag).get_choices())

    assert choices(["scenes"], "--region") == set(REGIONS)
    assert choices(["benchmark"], "--only") == set(benchmark.PARTS)
    assert choices(["depth", "scenes"], "--kind") == {*KINDS, "both"}
    assert choices(["depth", "teach"], "--space") == set(SPACES)
    assert choices(["depth", "teach"], "--normalise") == set(NORMALISATIONS)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("tran", "tran: unknown command, did you mean train?"),
        ("depth", None),
        ("depth sene --out o", "sene: unknown command, did you mean scenes?"),
        ("train", "CONFIG: missing"),
        ("train FILE FILE", "'FILE': not expected here"),
        ("train FILE --resum", "--resum: unknown option, did you mean --resume?"),
        ("train FILE --amp=7", "--amp: is '7', expected no value"),
        ("train FILE --work-dir", "--work-dir: no value, expected 1"),
        ("train FILE --launcher x", "--launcher: is 'x', expected one of none, "),
        ("scenes --out o --size 3", "--size: 1 value, expected 2"),
        ("scenes --out o --size 3 y", "--size[1]: is 'y', expected a whole number"),
        ("scenes --out o --out p", "--out: given twice, expected once"),
        ("scenes --out o --seed 1.5", "--seed: is '1.5', expected a whole number"),
        ("prepare a --out o", "--labels or --masks: missing"),
        (
            "prepare a --out o --labels FILE --masks .",
            "--labels and --masks: given together, expected one",
        ),
        (
            "prepare a --out o --masks . --split train",
            "--split-csv: missing, expected with --split",
        ),
        (
            "prepare a --out o --masks . --stride 0",
            "--stride: is '0', expected at least 1",
        ),
        (
            "prepare a --out o --masks . --all-touched",
            "--all-touched: are for polygons, not expected with --masks",
        ),
        (
            "depth teach --dataset D --model true-depth --out o --metric",
            "--metric: not expected with --model true-depth",
        ),
        (
            "depth teach --dataset D --model . --out o --input-size 9 9",
            "--input-size: not expected with --model .",
        ),
        (
            "depth teach --dataset D --model true-depth --out o --fill 0",
            "--fill: not expected with --model true-depth",
        ),
        (
            "depth predict FILE a --out o --format tiff --scale 256",
            "--scale: not expected with --format tiff, which is in metres",
        ),
        (
            "depth scenes --out o --train-scenes 0 --test-scenes 0",
            "--train-scenes, --test-scenes: both 0, expected a scene",
        ),
        ("train mmext::trunk", "is 'mmext::trunk', expected a config of mmext"),
        ("doctor mmext::demo/stage1_A", "did you mean mmext::demo/stage1_A.py?"),
        ("test mmext::demo FILE", "expected a file, not a folder"),
        ("study mmext::../x.py --out o", "expected a config of mmext"),
        ("reproduce mmext::stage1_A.py --out o", "expected a folder, not a file"),
        ("predict FILE a --out o --device gpuu", "expected cpu, cuda or cuda:N"),
        ("predict FILE a --out o --device cuda:99", "--device: is 'cuda:99', expected"),
        (
            "predict . a --out o",
            "CHECKPOINT: is '.', expected a file, or a folder that holds a model.json",
        ),
        ("predict FILE a --out FILE", "expected a folder, not a file"),
        ("predict FILE a --out FILE/x", "expected a place in a folder, FILE is none"),
        ("export FILE --out .", "--out: is '.', expected a file, not a folder"),
        ("report FILE --out o", "[0]: is 'FILE', expected a folder, not a file"),
        ("review --out o", "SNAPSHOT: missing, expected SNAPSHOT and CHECKPOINT and"),
        ("review --apply FILE --labels FILE --store . --out o", "--store: not expec"),
    ],
)
def test_a_mistake_is_one_line(line, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("FILE").touch()
    monkeypatch.setattr(sys, "argv", ["mmext", *line.split()])
    if message is None:
        main()
        return
    with pytest.raises(SystemExit) as exit_:
        main()
    [found] = capsys.readouterr().err.splitlines()
    assert exit_.value.code == 2
    assert found.startswith("error: ") and message in found
    assert [path.name for path in tmp_path.iterdir()] == ["FILE"]


def test_the_version(capsys):
    import mmext

    run(["--version"])
    assert capsys.readouterr().out.strip() == mmext.__version__


def test_brackets_of_settings_must_close():
    from mmext.cli.arguments import parse_options

    assert parse_options(["a.b=1", "c=[1,2]", "d=x=y"], "--x") == {
        "a.b": 1,
        "c": [1, 2],
        "d": "x=y",
    }
    assert parse_options(None, "--x") == {}
    with pytest.raises(UserError, match="--x: "):
        parse_options(["c=[1,2"], "--x")


def test_tables_of_settings():
    from mmext.cli.arguments import parse_options

    found = parse_options(
        [
            "a.begin=dict(_delete_=True, train_iou=0.99)",
            "hooks=[dict(type='EMAHook'), {'type': 'x', 'of': dict(n=(1, 2))}]",
            "b=2",
        ],
        "--x",
    )
    assert found == {
        "a.begin": {"_delete_": True, "train_iou": 0.99},
        "hooks": [{"type": "EMAHook"}, {"type": "x", "of": {"n": (1, 2)}}],
        "b": 2,
    }
    for wrong in ("dict(a=open('x'))", "dict(a=1", "{1: print}", "dict(1)"):
        with pytest.raises(UserError, match=r"--x a: is .*expected plain values"):
            parse_options([f"a={wrong}"], "--x")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[a-z]{3}", "[a-z]{3}"),
        ("^tile_{3}$", "^tile_{3}$"),
        ("{stem}/x.tif", "{stem}/x.tif"),
        ("'{stem}'", "{stem}"),
        ("my_dict(1)", "my_dict(1)"),
        ("", ""),
    ],
)
def test_texts_with_braces_are_texts(text, value):
    from mmext.cli.arguments import parse_options

    assert parse_options([f"a={text}"], "--x") == {"a": value}


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, "PASSIVE"),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE"),
        ({"GOMP_SPINCOUNT": "7"}, "None"),
    ],
)
def test_threads_that_wait_leave_the_cores_to_others(chosen, expected):
    """Set before torch is loaded, unless the user chose otherwise."""
    kept = {k: v for k, v in os.environ.items() if k[:4] not in ("OMP_", "GOMP")}
    script = (
        "import mmext, os, sys\n"
        "print('torch' in sys.modules, os.environ.get('OMP_WAIT_POLICY'))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**kept, **chosen},
    )
    assert found.stdout.split() == ["False", expected]
