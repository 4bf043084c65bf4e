"""The configs of configs/datasets and their pages are those of the sets declared."""

import re
from pathlib import Path

import numpy as np
import pytest

from mmext.cli.app import run
from mmext.engine.build_config import load_config
from mmext.engine.train import train
from mmext.engine.work_dir import read_history
from mmext.errors import UserError
from mmext.prepare.published_sets import SETS
from mmext.registry import METRICS

from .published_layouts import CITIES, inria

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / "configs" / "datasets"
PAGES = ROOT / "docs" / "datasets"
STAGES = {"stage1_trunk", "stage2_A100-200"}


def test_each_set_has_configs_and_a_page():
    folders = {path.name for path in CONFIGS.iterdir()} - {"_base_"}
    assert folders == set(SETS)
    for name in SETS:
        assert {path.stem for path in (CONFIGS / name).glob("*.py")} == STAGES
    assert {path.stem for path in PAGES.glob("*.md")} == {*SETS, "index"}


@pytest.mark.parametrize("stage", sorted(STAGES))
@pytest.mark.parametrize("name", SETS)
def test_configs_read_the_stores_that_are_made(name, stage):
    config = load_config(CONFIGS / name / f"{stage}.py")
    splits = {
        part: config[f"{part}_dataloader"].dataset.store
        for part in ("train", "val", "test")
    }
    tested = "test" if "test" in SETS[name].splits else "val"
    assert splits == {
        part: f"data/{name}/{split}"
        for part, split in (("train", "train"), ("val", "val"), ("test", tested))
    }
    assert config.train_dataloader.batch_size == 48
    prefixes = config.val_evaluator.prefix, config.test_evaluator.prefix
    assert prefixes == ("val", "test")
    METRICS.build(config.test_evaluator)


def flat(text):
    return " ".join(text.split())


@pytest.mark.parametrize("name", SETS)
def test_pages_say_what_is_declared(name):
    known, page = SETS[name], flat((PAGES / f"{name}.md").read_text("utf-8"))
    assert page.startswith(f"# {known.title} ")
    for said in (known.address, known.licence, known.pixel, known.score):
        assert said in page
    for split, number in known.images.items():
        assert f"{split} {number:,}" in page
    for label, value in known.classes.items():
        assert re.search(rf"\b{label} {value}\b", page)
    for values in (known.background, known.ignored):
        assert all(re.search(rf"\b{value}\b", page) for value in values)
    assert f"mmext prepare-dataset {name} " in page
    assert f"mmext::datasets/{name}/stage2_A100-200.py" in page
    row = f"| [{known.title}]({name}.md) | `{name}` | {', '.join(known.classes)} |"
    index = flat((PAGES / "index.md").read_text("utf-8"))
    assert f"{row} {known.pixel} | {known.licence} |" in index


def test_the_config_that_the_index_shows_is_right(tmp_path):
    (text,) = re.findall(
        r"```python\n(.*?)```", (PAGES / "index.md").read_text("utf-8"), re.S
    )
    (tmp_path / "mine.py").write_text(text)
    config = load_config(tmp_path / "mine.py")
    store = config.train_dataloader.dataset.store
    assert store.dataset.type == "mmseg.LoveDADataset" and store.target == [2]
    with pytest.raises(UserError, match="unknown key, did you mean img_suffix"):
        load_config(
            tmp_path / "mine.py",
            {"train_dataloader.dataset.store.dataset.img_sufix": ".tif"},
        )


def test_a_set_is_prepared_trained_and_scored(tmp_path):
    """INRIA: the layout, prepared by the command, trained and scored by city."""
    inria(tmp_path)
    stores = tmp_path / "stores"
    size = ("--tile-size", "40")
    run(["prepare-dataset", "inria", str(tmp_path), "--out", str(stores), *size])
    options = {
        "epoch_scale": 0.02,
        "model.backbone.base_channels": 4,
        **{
            f"{part}_dataloader.{key}": value
            for part, split in (("train", "train"), ("val", "val"), ("test", "val"))
            for key, value in (
                ("dataset.store", str(stores / split)),
                ("batch_size", 2),
                ("num_workers", 0),
            )
        },
    }
    train(
        CONFIGS / "inria" / "stage1_trunk.py",
        work_dir=tmp_path / "run",
        options=options,
    )
    assert list((tmp_path / "run").glob("error_bank_epoch_*.npz"))
    last = read_history(tmp_path / "run")[-1]["val"]
    assert set(last["groups"]) == set(CITIES)
    sums = last["target"]
    pixels = sums["tp"] + sums["fp"] + sums["fn"] + sums["tn"]
    assert pixels == 4 * 40 * 40
    assert sums["accuracy"] == (sums["tp"] + sums["tn"]) / pixels
    cities = [city["target"]["accuracy"] for city in last["groups"].values()]
    assert np.mean(cities) == pytest.approx(sums["accuracy"])
