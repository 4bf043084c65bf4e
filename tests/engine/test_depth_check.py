"""Depth data of which parts are missing."""

import csv
import re

import cv2
import numpy as np
import pytest

from mmext.datasets.depth import FolderDepthDataset
from mmext.datasets.depth.survey import survey_depth
from mmext.doctor import examine
from mmext.engine.build_config import load_config
from mmext.engine.train import train
from mmext.errors import UserError
from tests.datasets.depth.layouts import make_folder

from .conftest import CONFIGS

ALL_FOUR = ("structure", "edge", "smooth", "consistency")
PAGE = CONFIGS.parent / "docs" / "depth.md"


@pytest.fixture
def example(tmp_path):
    """The page's own example, on thermal images and depth alone."""
    [text] = re.findall(r"```python\n(_base_.*?)```", PAGE.read_text(), re.DOTALL)
    root = make_folder(tmp_path / "data", frames=6)
    text = text.replace('"./_base_', f'"{CONFIGS / "depth" / "_base_"}')
    path = tmp_path / "mine.py"
    path.write_text(text.replace("data/mine", str(root)))
    return path, root


def options(*off, **changes):
    return {
        "epoch_scale": 0.025,
        "model.backbone.base_channels": 4,
        "train_dataloader.batch_size": 2,
        **{f"model.decode_head.losses.{name}": None for name in off},
        **changes,
    }


def test_the_pages_example_says_at_once_which_losses_need_maps(example, tmp_path):
    path, _ = example
    with pytest.raises(UserError) as caught:
        train(path, tmp_path / "work", options())
    line = str(caught.value)
    assert "5 of 5 samples have no structural map" in line
    assert "structure and edge need" in line
    assert not (tmp_path / "work" / "history.jsonl").exists()


def test_without_those_losses_the_pages_example_trains(example, tmp_path):
    path, _ = example
    [off] = re.findall(r"losses=dict\((structure.*?)\)", PAGE.read_text())
    assert [part.split("=")[0].strip() for part in off.split(",")] == list(ALL_FOUR)
    train(path, tmp_path / "work", options(*ALL_FOUR))
    assert "all_median" in (tmp_path / "work" / "history.jsonl").read_text()
    # No object masks, so no score of objects.
    assert '"object"' not in (tmp_path / "work" / "history.jsonl").read_text()


def drop(root, column, only=None):
    path = root / "samples.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if only in (None, row["sample_id"]):
            row[column] = ""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    "only, expected",
    [
        ("f2", "train_dataloader.dataset: 1 of 5 samples have no depth file"),
        ("f5", "val_dataloader.dataset: 1 of 1 samples have no depth file"),
    ],
)
def test_a_sample_without_depth_is_found_before_the_first_step(
    example, tmp_path, only, expected
):
    path, root = example
    drop(root, "depth", only)
    with pytest.raises(UserError, match=expected):
        train(path, tmp_path / "work", options(*ALL_FOUR))


def test_depth_of_which_nothing_is_known(example, tmp_path):
    path, root = example
    for file in (root / "depth").iterdir():
        cv2.imwrite(str(file), np.zeros((24, 40), np.uint16))
    with pytest.raises(UserError, match="not one pixel of 5 depth files is known"):
        train(path, tmp_path / "work", options(*ALL_FOUR))


def findings(path, tmp_path, *off, **changes):
    found = examine(path, tmp_path / "work", options(*off, **changes))
    return {level: [] for level in ("error", "warning", "note", "ok")} | {
        level: [f.text for f in found.findings if f.level == level]
        for level in {f.level for f in found.findings}
    }


def test_depth_in_another_unit_is_said(example, tmp_path):
    path, _ = example
    key = "train_dataloader.dataset.depth_scale"
    assert findings(path, tmp_path, *ALL_FOUR)["warning"] == []
    [line] = findings(path, tmp_path, *ALL_FOUR, **{key: 1.0})["warning"]
    assert "m with depth_scale=1; expected 0.1 to 200 m" in line
    [line] = findings(
        path, tmp_path, *ALL_FOUR, **{"model.decode_head.max_depth": 0.6}
    )["warning"][:1]
    assert "of the depths lie outside 0.5 to 0.6 m" in line


def test_losses_that_rest_on_what_nothing_teaches(example, tmp_path):
    path, _ = example
    [line] = findings(path, tmp_path, "structure", "edge")["warning"]
    assert "nothing teaches the structural depth" in line
    assert "consistency and smooth" in line


@pytest.mark.parametrize("kind", ["float.tif", "float.npy", "thermal8"])
def test_other_encodings(example, tmp_path, kind):
    path, root = example
    changes = {}
    with (root / "samples.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if kind == "thermal8":
            raw = cv2.imread(str(root / row["thermal"]), cv2.IMREAD_UNCHANGED)
            scaled = (raw / raw.max() * 255).astype(np.uint8)
            cv2.imwrite(str(root / row["thermal"]), scaled)
            continue
        depth = cv2.imread(str(root / row["depth"]), cv2.IMREAD_UNCHANGED) / 1000
        row["depth"] = f"depth/{row['sample_id']}.{kind.split('.')[1]}"
        depth = depth.astype(np.float32)
        if kind.endswith("npy"):
            np.save(root / row["depth"], depth)
        else:
            cv2.imwrite(str(root / row["depth"]), depth)
    if kind != "thermal8":
        changes = {
            f"{part}_dataloader.dataset.depth_scale": 1.0
            for part in ("train", "val", "test")
        }
    with (root / "samples.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    found = findings(path, tmp_path, *ALL_FOUR, **changes)
    assert found["error"] == found["warning"] == []
    assert any("median" in line for line in found["ok"])


def test_images_of_other_sizes_are_found(example, tmp_path):
    path, root = example
    for folder, dtype in (("thermal", np.uint16), ("depth", np.uint16)):
        cv2.imwrite(str(root / folder / "f0.png"), np.full((30, 40), 3000, dtype))
    found = findings(path, tmp_path, *ALL_FOUR)
    assert any("images differ in size (24×40, 30×40)" in x for x in found["error"])
    assert any("1 thermal images are flat" in x for x in found["warning"])


def test_a_survey_is_that_of_the_files(example):
    path, root = example
    config = load_config(path, options())
    dataset = FolderDepthDataset(root, split="train", depth_scale=1000.0)
    survey = survey_depth(dataset, (0.5, 4.0), number=5)
    files = [root / "depth" / f"f{i}.png" for i in range(5)]
    depth = np.stack([cv2.imread(str(f), cv2.IMREAD_UNCHANGED) for f in files]) / 1000
    known = depth[depth > 0]
    assert config.train_dataloader.dataset.depth_scale == 1000
    assert survey.looked_at == 5 and survey.without == 0
    assert survey.valid_share == pytest.approx(known.size / depth.size)
    assert survey.median == pytest.approx(np.median(known), rel=1e-6)
    assert survey.inside == pytest.approx(np.mean((known >= 0.5) & (known <= 4)))
