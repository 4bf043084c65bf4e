"""Both stages on a data set of mmseg's, from image files, without a tile store."""

import numpy as np
import pytest
from PIL import Image

from mmext.datasets.sample_store import open_store
from mmext.engine.scoring import test_checkpoint as score
from mmext.engine.train import train
from mmext.engine.work_dir import latest_checkpoint, read_history
from mmext.errors import UserError
from mmext.inference.checkpoint import load_model
from mmext.structures import load_bank

from .conftest import CONFIGS


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Training and test images, one of them smaller: 3 is a bright square."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for split, number in (("train", 6), ("test", 3)):
        for index in range(number):
            height = 12 if index == 2 else 16
            labels = rng.integers(0, 3, (height, 16)).astype(np.uint8)
            if index < 4:
                top, left = rng.integers(1, 7, 2)
                labels[top : top + 5, left : left + 5] = 3
            image = (
                rng.integers(20, 90, (height, 16, 3)) + 120 * (labels == 3)[..., None]
            )
            for part, array in (("images", image.astype(np.uint8)), ("labels", labels)):
                (folder / part / split).mkdir(parents=True, exist_ok=True)
                Image.fromarray(array).save(folder / part / split / f"{index}.png")
    return folder


def config_on(folders, path):
    """A user's config: the shipped one with other data."""
    text = f"_base_ = {str(CONFIGS / path.name)!r}\n"
    for loader, split in (("train", "train"), ("val", "test")):
        text += f"""{loader}_dataloader = dict(
    batch_size=3, num_workers=0,
    dataset=dict(store=dict(
        _delete_=True,
        dataset=dict(
            type='mmseg.BaseSegDataset', data_root={str(folders)!r},
            data_prefix=dict(
                img_path='images/{split}', seg_map_path='labels/{split}'),
            img_suffix='.png', seg_map_suffix='.png'),
        target=[3])))
"""
    path.write_text(text + "test_dataloader = val_dataloader\n")
    return path


@pytest.fixture(scope="module")
def trained(folders, tmp_path_factory):
    """The work directory of stage 2, and its config."""
    folder = tmp_path_factory.mktemp("mine")
    for stage in ("stage1_trunk", "stage2_A100-200"):
        config = config_on(folders, folder / f"{stage}.py")
    work_dir = folder / "runs" / "stage2_A100-200"
    options = {"epoch_scale": 0.02, "model.backbone.base_channels": 4}
    train(config, work_dir, options, with_parents=True)
    return work_dir, config


def test_both_stages_train(trained, folders):
    work_dir, _ = trained
    trunk = work_dir.parent / "stage1_trunk"
    assert [len(read_history(path)) for path in (trunk, work_dir)] == [4, 8]
    last = read_history(work_dir)[-1]
    assert {"target", "error", "union"} <= set(last["train"]) & set(last["test"])
    assert np.isfinite(last["loss"]["decode.loss_error"])
    # Every pixel that has a label is scored once, and no other.
    sums = [last["test"]["union"][key] for key in ("tp", "fp", "fn", "tn")]
    assert sum(sums) == 2 * 16 * 16 + 12 * 16


def test_the_bank_is_of_the_samples(trained, folders):
    work_dir, _ = trained
    bank = load_bank(work_dir.parent / "stage1_trunk" / "error_bank_epoch_4.npz")
    source = dict(
        type="mmseg.BaseSegDataset",
        data_root=str(folders),
        data_prefix=dict(img_path="images/train", seg_map_path="labels/train"),
        img_suffix=".png",
        seg_map_suffix=".png",
    )
    store = open_store(dict(dataset=source, target=[3]))
    assert bank.fingerprint == store.fingerprint
    bank.check_against(store.masks, "bank")
    # What a smaller image was filled up with is never wrong.
    assert not bank.codes(2)[12:].any()


def test_the_checkpoint_knows_its_bands_and_is_scored(trained, tmp_path):
    work_dir, config = trained
    checkpoint = latest_checkpoint(work_dir)
    store = load_model(checkpoint).store
    assert store["bands"] == ["red", "green", "blue"] and store["crs"] is None
    found = score(
        config,
        checkpoint,
        work_dir=tmp_path / "scores",
        options={"model.backbone.base_channels": 4},
    )
    last = read_history(work_dir)[-1]["test"]["union"]
    assert found["test/union.iou"] == pytest.approx(last["iou"], nan_ok=True)


def test_a_bank_belongs_to_its_samples(trained):
    """With other labels as target the bank of stage 1 is another's."""
    work_dir, config = trained
    options = {
        "epoch_scale": 0.02,
        "model.backbone.base_channels": 4,
        "train_dataloader.dataset.store.target": [2],
    }
    with pytest.raises(UserError, match="made on tile store"):
        train(config, work_dir.parent / "other", options)
