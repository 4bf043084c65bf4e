"""What the doctor says of a good store, and of stores that were spoilt."""

import json
import os

import numpy as np
import pytest

from mmext.datasets.tile_store import TileStore
from mmext.doctor import as_json, as_text, examine
from mmext.errors import UserError
from tests.engine.conftest import CONFIGS

TRUNK = CONFIGS / "stage1_trunk.py"
STAGE_2 = CONFIGS / "stage2_A100-200.py"


@pytest.fixture
def stores(tmp_path, make_store):
    """A training and a test store of unlike tiles, which can be spoilt."""
    made = {
        "train": make_store(tmp_path / "train", tiles=40, positive=24, seed=1),
        "test": make_store(tmp_path / "test", tiles=24, positive=22, seed=2),
    }
    move(made["test"], 10_000)
    return made


def move(path, metres):
    store = TileStore(path)
    table = store.tiles
    table.geometry = table.translate(metres)
    table.to_file(path / "tiles.gpkg", layer="tiles")


def options(stores, **changes):
    found = {
        "epoch_scale": 0.02,
        "model.backbone.base_channels": 4,
        "train_dataloader.batch_size": 4,
        "train_dataloader.num_workers": 0,
    }
    for part, name in (("train", "train"), ("val", "test"), ("test", "test")):
        found[f"{part}_dataloader.dataset.store"] = str(stores[name])
    return {**found, **changes}


def of(found, topic, *levels):
    return [
        finding.text
        for finding in found.findings
        if finding.topic == topic and (not levels or finding.level in levels)
    ]


def test_a_good_store_has_no_errors_and_nothing_is_written(tmp_path, stores):
    before = sorted(tmp_path.rglob("*"))
    found = examine(STAGE_2, tmp_path / "work" / "stage2", options(stores))
    assert sorted(tmp_path.rglob("*")) == before
    assert not found.has_errors, as_text(found)
    for topic in ("labels", "bands", "copies", "ground", "sampler", "loss", "disk"):
        assert of(found, topic, "ok"), topic
    [missing] = of(found, "parents")
    assert "error_bank_epoch_4.npz is not there yet" in missing
    # Trunk: 4 epochs; stage 2: 8. Both are timed.
    lineage = found.facts["lineage"]
    assert [(row["name"], row["epochs"]) for row in lineage] == [
        ("stage1_trunk", 4),
        ("stage2_A100-200", 8),
    ]
    assert all(row["seconds"] > 0 for row in lineage)
    first = as_text(found).splitlines()[2:]
    levels = [line.split()[0] for line in first if line]
    order = ["ERROR", "warning", "note", "ok", "errors:"]
    assert levels == sorted(levels, key=order.index)
    assert json.loads(as_json(found))["findings"]


def test_a_pre_training_needs_no_labels(tmp_path, make_store):
    store = make_store(tmp_path / "tiles", tiles=6, positive=0, size=32)
    changes = {
        "epoch_scale": 0.02,
        "model.backbone.base_channels": 4,
        "train_dataloader.dataset.store": str(store),
        "train_dataloader.batch_size": 4,
    }
    config = CONFIGS / "pretraining" / "unet3.py"
    found = examine(config, tmp_path / "work", changes)
    assert not found.has_errors, as_text(found)
    assert of(found, "labels", "ok") and of(found, "time", "note")


def test_the_numbers_are_those_of_the_masks(tmp_path, stores):
    found = examine(TRUNK, tmp_path / "work", options(stores))
    masks = np.load(stores["train"] / "masks.npy")
    values, counts = np.unique(masks, return_counts=True)
    assert found.facts["train_labels"] == dict(
        zip(values.tolist(), counts.tolist(), strict=True)
    )
    share = (masks == 1).sum() / (masks != 255).sum()
    assert found.facts["train_tiles"]["prevalence"] == pytest.approx(share)
    # 24 positive of 40 tiles at 2 : 1, forty draws.
    draws = found.facts["draws"]
    assert draws["positive_share_of_batch"] == pytest.approx(2 / 3)
    assert draws["draws_of_a_positive_tile"] == pytest.approx(40 * 2 / 3 / 24)
    assert draws["draws_of_a_negative_tile"] == pytest.approx(40 / 3 / 16)


def test_plain_cross_entropy_pulls_as_the_areas_do(tmp_path, stores):
    found = examine(TRUNK, tmp_path / "work", options(stores))
    share = found.facts["draws"]["prevalence"]
    assert found.facts["pull_of_target"] == pytest.approx(share / (1 - share), rel=0.3)
    tiny = options(stores)
    masks = np.load(stores["train"] / "masks.npy")
    for mask in masks[:24]:
        rows, columns = np.nonzero(mask == 1)
        mask[mask == 1] = 0
        mask[rows[0], columns[0]] = 1
    rewrite(stores["train"], masks)
    assert of(examine(TRUNK, tmp_path / "work", tiny), "collapse", "warning")
    tiny["model.decode_head.loss.type"] = "SoftIoULoss"
    assert of(examine(TRUNK, tmp_path / "work", tiny), "collapse", "ok")


def rewrite(path, masks):
    """Masks with a table that says the same of them."""
    np.save(path / "masks.npy", masks)
    table = TileStore(path).tiles
    valid = np.maximum((masks != 255).sum(axis=(1, 2)), 1)
    table["positive_fraction"] = (masks == 1).sum(axis=(1, 2)) / valid
    table.to_file(path / "tiles.gpkg", layer="tiles")


def all_negative(stores):
    masks = np.load(stores["train"] / "masks.npy")
    rewrite(stores["train"], np.where(masks == 1, 0, masks))


def targets_of_255(stores):
    masks = np.load(stores["train"] / "masks.npy")
    rewrite(stores["train"], np.where(masks == 1, 255, masks))


def ignored_everywhere(stores):
    masks = np.load(stores["train"] / "masks.npy")
    rewrite(stores["train"], np.full_like(masks, 255))


def sevens(stores):
    masks = np.load(stores["train"] / "masks.npy")
    rewrite(stores["train"], np.where(masks == 0, 7, masks))


def changed_after_cutting(stores):
    masks = np.load(stores["train"] / "masks.npy")
    np.save(stores["train"] / "masks.npy", np.where(masks == 0, 1, masks))


def a_test_tile_of_the_training(stores):
    images = np.load(stores["test"] / "images.npy")
    images[3] = np.load(stores["train"] / "images.npy")[5]
    np.save(stores["test"] / "images.npy", images)


def the_same_ground(stores):
    move(stores["test"], -10_000)


def a_constant_band(stores):
    images = np.load(stores["train"] / "images.npy")
    images[..., 1] = 9
    np.save(stores["train"] / "images.npy", images)


def a_tile_twice(stores):
    images = np.load(stores["train"] / "images.npy")
    images[7] = images[5]
    np.save(stores["train"] / "images.npy", images)


def another_light(stores):
    images = np.load(stores["test"] / "images.npy")
    np.save(stores["test"] / "images.npy", 255 - images // 8)


SPOILT = [
    (all_negative, "error", "labels", "no target anywhere"),
    (targets_of_255, "error", "labels", "no target anywhere"),
    (ignored_everywhere, "error", "labels", "every pixel is 255"),
    (sevens, "error", "labels", "masks hold 7"),
    (changed_after_cutting, "error", "store", "not what tiles.gpkg says"),
    (a_test_tile_of_the_training, "error", "copies", "1 of 24 test tiles"),
    (the_same_ground, "error", "ground", "100 % of the test ground"),
    (a_constant_band, "warning", "bands", "band_2 never varies"),
    (a_tile_twice, "warning", "copies", "1 of 40 tiles are copies"),
    (another_light, "warning", "bands", "deviations off"),
]


@pytest.mark.parametrize(
    "spoil, level, topic, text", SPOILT, ids=[case[0].__name__ for case in SPOILT]
)
def test_what_was_spoilt_is_found(tmp_path, stores, spoil, level, topic, text):
    def said():
        found = examine(TRUNK, tmp_path / "work", options(stores))
        return [line for line in of(found, topic, level) if text in line]

    assert not said()
    spoil(stores)
    assert said()


def test_every_byte_is_compared_on_demand(tmp_path, stores):
    """One pixel of a tile that is no sample, with size and time as they were."""
    store = TileStore(stores["train"])
    path = stores["train"] / "images.npy"
    [tile, *_] = (
        tile for tile in range(40) if str(tile) not in store.meta["checks"]["tiles"]
    )
    state = path.stat()
    images = np.lib.format.open_memmap(path, "r+")
    images[tile, 0, 0, 0] ^= 1
    images.flush()
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))

    def said(verify):
        found = examine(TRUNK, tmp_path / "work", options(stores), verify)
        return of(found, "store", "error")

    assert not said(verify=False)
    [line] = said(verify=True)
    assert "the store was changed" in line


def test_few_negatives_drawn_often(tmp_path, make_store, stores):
    stores["train"] = make_store(tmp_path / "full", tiles=100, positive=99, seed=3)
    found = examine(TRUNK, tmp_path / "work", options(stores))
    [line] = of(found, "sampler", "warning")
    assert "each negative one 33 times" in line


def test_settings_that_come_to_nothing(tmp_path, stores):
    key = "default_hooks.error_accumulation.begin"
    found = examine(TRUNK, tmp_path / "work", options(stores, **{key: 5000}))
    assert "which never comes in 4" in of(found, "epochs", "error")[0]
    trunk = f"_base_ = {str(TRUNK)!r}\n"
    lineage = "lineage = dict(parent='trunk', epoch=200, use='branch')\n"
    (tmp_path / "trunk.py").write_text(trunk)
    (tmp_path / "short.py").write_text(
        f"{trunk}{lineage}train_cfg = dict(max_epochs=150)"
    )
    with pytest.raises(UserError, match="expected more than the 4 epochs"):
        examine(tmp_path / "short.py", tmp_path / "work", options(stores))


def test_a_lineage_that_leads_back_to_itself(tmp_path, stores):
    for name, parent in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.py").write_text(
            f"_base_ = {str(TRUNK)!r}\n"
            f"lineage = dict(parent={parent!r}, epoch=200, use='bank')\n"
        )
    with pytest.raises(UserError, match="a circle"):
        examine(tmp_path / "a.py", tmp_path / "work", options(stores))


def test_what_is_no_config_is_one_line(tmp_path, stores):
    with pytest.raises(UserError, match="unknown key"):
        examine(TRUNK, None, options(stores, **{"model.backbone.width": 3}))
    missing = dict(stores, train=tmp_path / "nowhere")
    found = examine(TRUNK, tmp_path / "work", options(missing))
    assert "not a tile store" in of(found, "train set", "error")[0]
