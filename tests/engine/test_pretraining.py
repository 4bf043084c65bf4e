"""Pre-training by a config, killed, gone on with, and begun with."""

import json
import shutil

import pytest
import torch

from mmext.datasets.tile_store import TileStore
from mmext.engine.train import train
from mmext.engine.work_dir import read_history
from mmext.errors import UserError
from mmext.inference.checkpoint import read_checkpoint
from tests.checkpoint_weights import weights

from .conftest import CONFIGS, tiny

UNET = CONFIGS / "pretraining" / "unet3.py"


def options(store, **changes):
    return {
        "epoch_scale": 0.04,  # 4 epochs
        "model.patch_size": 8,
        "default_hooks.checkpoint.interval": 1,
        "default_hooks.checkpoint.max_keep_ckpts": -1,
        "train_dataloader.dataset.store": str(store),
        "train_dataloader.batch_size": 3,
        "train_dataloader.num_workers": 0,
        **changes,
    }


def narrow(store, **changes):
    return options(store, **{"model.backbone.base_channels": 4, **changes})


@pytest.fixture(scope="module")
def trained(tmp_path_factory, store, quiet):
    work_dir = tmp_path_factory.mktemp("runs") / UNET.stem
    return train(UNET, work_dir, narrow(store))


@pytest.mark.parametrize("name", ["unet3", "segformer_b0"])
def test_every_shipped_config_trains(name, make_store, tmp_path):
    shipped = {p.stem for p in (CONFIGS / "pretraining").glob("*.py")}
    assert shipped == {"unet3", "segformer_b0"}
    store = make_store(tmp_path / "store", tiles=3, size=64)
    changes = {"epoch_scale": 0.02, "model.patch_size": 32}
    if name == "unet3":
        changes["model.backbone.base_channels"] = 4
    config = CONFIGS / "pretraining" / f"{name}.py"
    work_dir = train(config, tmp_path / name, options(store, **changes))
    lines = read_history(work_dir)
    assert [line["epoch"] for line in lines] == [1, 2]
    assert 0 < lines[-1]["loss"]["loss_reconstruction"] < 10
    assert json.loads((work_dir / "run.json").read_text())["warnings"] == []


def test_it_ends_with_the_encoder(trained, store):
    found = read_checkpoint(trained / "encoder.pth")
    last = read_checkpoint(trained / "epoch_4.pth")["state_dict"]
    expected = {key: w for key, w in last.items() if key.startswith("backbone.")}
    assert found["state_dict"].keys() == expected.keys() and len(expected) > 20
    assert all(torch.equal(w, expected[key]) for key, w in found["state_dict"].items())
    assert found["meta"]["epoch"] == 4
    assert (
        found["meta"]["dataset_meta"]["store"]["mean"] == TileStore(store).meta["mean"]
    )


@pytest.mark.parametrize("epoch", [1, 3])
def test_what_is_gone_on_with_ends_the_same(epoch, trained, store, tmp_path):
    work_dir = tmp_path / trained.name
    shutil.copytree(trained, work_dir)
    for later in range(epoch + 1, 5):
        (work_dir / f"epoch_{later}.pth").unlink()
    for name in ("encoder.pth", "run.json"):
        (work_dir / name).unlink()
    train(UNET, work_dir, narrow(store), resume=True)
    for name in ("epoch_4.pth", "encoder.pth"):
        assert torch.equal(weights(work_dir / name), weights(trained / name))
    histories = [
        [{**line, "seconds": 0} for line in read_history(folder)]
        for folder in (trained, work_dir)
    ]
    assert histories[0] == histories[1]


def test_pictures_change_nothing(trained, store, tmp_path):
    assert len(list(trained.rglob("reconstructions_*.png"))) == 1
    without = narrow(store, **{"default_hooks.pictures": None})
    work_dir = train(UNET, tmp_path / "without", without)
    assert torch.equal(
        weights(work_dir / "epoch_4.pth"), weights(trained / "epoch_4.pth")
    )


def test_stage_1_begins_with_it(trained, store, tmp_path):
    init = dict(
        type="Pretrained",
        checkpoint=str(trained / "encoder.pth"),
        prefix="backbone.",
    )
    begun = {
        "model.backbone.init_cfg": init,
        # What it begins with is what it ends with.
        "optim_wrapper.optimizer.lr": 1e-12,
    }
    work_dir = train(
        CONFIGS / "stage1_trunk.py", tmp_path / "one", tiny(store, **begun)
    )
    encoder = read_checkpoint(trained / "encoder.pth")["state_dict"]
    found = read_checkpoint(work_dir / "epoch_4.pth")["state_dict"]
    learnt = [key for key in encoder if key.endswith(".weight")]
    for key in learnt:
        torch.testing.assert_close(found[key], encoder[key])


def test_an_overwritten_run_leaves_no_encoder(trained, store, tmp_path):
    work_dir = tmp_path / trained.name
    shutil.copytree(trained, work_dir)
    (work_dir / "encoder.pth").write_bytes(b"old")
    config = narrow(store, **{"default_hooks.encoder": None})
    train(UNET, work_dir, config, overwrite=True)
    assert not (work_dir / "encoder.pth").exists()


def test_tiles_that_are_no_multiple_of_the_patches_are_refused(store, tmp_path):
    with pytest.raises(UserError, match=r"patch_size: is 7, expected a divisor"):
        train(UNET, tmp_path / "none", narrow(store, **{"model.patch_size": 7}))
    assert not (tmp_path / "none").exists()
