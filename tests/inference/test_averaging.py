"""Averages of checkpoints against sums by hand, batch norm against its batches."""

import copy

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.inference.averaging import average_checkpoints, write_average
from mmext.inference.checkpoint import load_model
from mmext.inference.config_data import plain_config
from mmext.registry import MODELS

from .test_checkpoint import model_config


@pytest.fixture
def store(make_store, tmp_path):
    return make_store(tmp_path / "store", tiles=7, size=16)


@pytest.fixture
def save(tmp_path, store):
    """Write checkpoints of random weights, which is what trainings end in."""

    def save(epoch, change=lambda content: None, batch_size=3, **model):
        config = dict(
            model={**model_config(), **model},
            train_dataloader=dict(
                batch_size=batch_size,
                num_workers=0,
                collate_fn=dict(type="mmext.collate_tiles"),
                sampler=dict(type="DefaultSampler", shuffle=False),
                dataset=dict(
                    type="TileDataset",
                    store=str(store),
                    pipeline=[dict(type="LoadTile"), dict(type="PackTileInputs")],
                ),
            ),
        )
        torch.manual_seed(epoch)
        built = MODELS.build(copy.deepcopy(config["model"]))
        for buffer in built.buffers():
            if buffer.is_floating_point():
                buffer.uniform_(0.5, 2)
        for parameter in built.parameters():
            parameter.data.uniform_(-0.3, 0.3)
        meta = dict(cfg=plain_config(Config(config)), epoch=epoch, iter=epoch)
        content = dict(meta=meta, state_dict=built.state_dict(), optimizer={})
        change(content)
        torch.save(content, tmp_path / f"epoch_{epoch}.pth")
        return tmp_path / f"epoch_{epoch}.pth"

    return save


def parameters(path):
    model = load_model(path).model
    return {n: p.detach().numpy().astype(float) for n, p in model.named_parameters()}


def images(store):
    tiles = torch.from_numpy(np.array(TileStore(store).images)).permute(0, 3, 1, 2)
    return (tiles.float() - 100) / 9  # what model_config's preprocessor does


def test_the_mean_and_the_exponential_mean(save, tmp_path):
    paths = [save(epoch) for epoch in (1, 2, 3)]
    one, two, three = map(parameters, paths)
    out = tmp_path / "average.pth"
    write_average(paths, out)
    for name, value in parameters(out).items():
        mean = (one[name] + two[name] + three[name]) / 3
        np.testing.assert_allclose(value, mean, atol=1e-6)
    write_average(paths, out, decay=0.8)
    for name, value in parameters(out).items():
        expected = 0.8 * (0.8 * one[name] + 0.2 * two[name]) + 0.2 * three[name]
        np.testing.assert_allclose(value, expected, atol=1e-6)


def test_what_an_average_says_of_itself(save):
    paths = [save(epoch) for epoch in (1, 2)]
    made = average_checkpoints(paths)
    assert made["meta"]["epoch"] == 2 and set(made) == {"meta", "state_dict"}
    record = made["meta"]["average"]
    assert [name for name, *_ in record["of"]] == ["epoch_1.pth", "epoch_2.pth"]
    assert record["of"][0][1:] == [
        paths[0].stat().st_size,
        paths[0].stat().st_mtime_ns,
    ]
    again = average_checkpoints(paths)["state_dict"]
    assert all(torch.equal(again[name], w) for name, w in made["state_dict"].items())


def test_batch_norm_is_of_the_training_batches(save, store):
    """The first layer's inputs are known: means of batches of 3, 3 and 1 tiles."""
    paths = [save(epoch) for epoch in (1, 2)]
    weights = average_checkpoints(paths)["state_dict"]
    first = next(n for n in weights if n.endswith("running_mean")).rsplit(".", 2)[0]
    maps = torch.nn.functional.conv2d(
        images(store), weights[f"{first}.conv.weight"], padding=1
    )
    batches = maps.split(3)
    mean = torch.stack([batch.mean(dim=(0, 2, 3)) for batch in batches]).mean(dim=0)
    variance = torch.stack([batch.var(dim=(0, 2, 3)) for batch in batches]).mean(dim=0)
    found = {key: weights[f"{first}.bn.running_{key}"] for key in ("mean", "var")}
    torch.testing.assert_close(found["mean"], mean, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found["var"], variance, atol=1e-3, rtol=1e-4)


def test_with_one_batch_training_and_prediction_agree(save, store, tmp_path):
    """In all layers, but for n − 1 in the running variance."""
    paths = [save(epoch, batch_size=7) for epoch in (4,)]
    out = tmp_path / "average.pth"
    before = load_model(paths[0]).model
    write_average(paths, out)
    model = load_model(out).model
    with torch.no_grad():
        predicted, stale = model._forward(images(store)), before._forward(images(store))
        trained = model.train()._forward(images(store))
    torch.testing.assert_close(predicted, trained, atol=0.02, rtol=0.02)
    assert (stale - trained).abs().max() > 0.2
    # The weights themselves are as they were.
    for name, value in parameters(out).items():
        np.testing.assert_array_equal(value, parameters(paths[0])[name])


def test_heads_that_only_train_keep_their_statistics(save):
    head = copy.deepcopy(model_config()["decode_head"])
    head["head"] |= dict(num_convs=1, norm_cfg=dict(type="BN"))
    paths = [save(epoch, auxiliary_head=head) for epoch in (1, 2)]
    newest = torch.load(paths[-1])["state_dict"]
    made = average_checkpoints(paths)["state_dict"]
    kept = [n for n in made if n.startswith("auxiliary_head") and "running" in n]
    assert len(kept) == 2
    assert all(torch.equal(made[name], newest[name]) for name in kept)


def test_augmentation_is_the_trainings_own_and_repeats(save):
    def flip(content):
        pipeline = content["meta"]["cfg"]["train_dataloader"]["dataset"]["pipeline"]
        pipeline.insert(1, dict(type="RandomFlip", prob=0.5))

    plain = average_checkpoints([save(1), save(2)])["state_dict"]
    paths = [save(1, flip), save(2, flip)]
    made, again = (average_checkpoints(paths)["state_dict"] for _ in range(2))
    assert all(torch.equal(again[name], weight) for name, weight in made.items())
    assert any(not torch.equal(plain[name], weight) for name, weight in made.items())


def test_without_batch_norm_no_data_is_needed(save, store):
    def drop(content):
        del content["meta"]["cfg"]["train_dataloader"]

    backbone = dict(type="UNet3", in_channels=3, base_channels=2)
    backbone["norm_cfg"] = dict(type="GN", num_groups=1)
    paths = [save(epoch, drop, backbone=backbone) for epoch in (1, 2)]
    assert average_checkpoints(paths)["meta"]["average"]["decay"] is None


def planted(content):
    name = next(iter(content["state_dict"]))
    content["state_dict"][name].view(-1)[0] = float("nan")


def no_loader(content):
    del content["meta"]["cfg"]["train_dataloader"]


def lost_store(content):
    content["meta"]["cfg"]["train_dataloader"]["dataset"]["store"] = "nowhere"


def a_program(content):
    content["meta"]["cfg"]["train_dataloader"]["sampler"]["type"] = "os.system"


def other_channels(content):
    content["meta"]["cfg"]["model"]["decode_head"]["channels"] = ("error",)


@pytest.mark.parametrize(
    "which, change, message",
    [
        (1, planted, r"epoch_1.pth: .*weight holds NaN or infinity"),
        (1, other_channels, "epoch_1.pth: has the channels error, expected target"),
        (2, no_loader, "epoch_2.pth: its config has no train_dataloader"),
        (2, lost_store, "epoch_2.pth: train_dataloader: nowhere: not a tile store"),
        (2, a_program, r"sampler.type: is 'os.system', expected a registered comp"),
    ],
)
def test_what_can_not_be_averaged(save, tmp_path, which, change, message):
    paths = [save(n, change if n == which else lambda content: None) for n in (1, 2)]
    with pytest.raises(UserError, match=message):
        write_average(paths, tmp_path / "average.pth")
    assert not (tmp_path / "average.pth").exists()


def test_another_width_is_refused(save):
    wide = dict(type="UNet3", in_channels=3, base_channels=4)
    head = copy.deepcopy(model_config(width=4)["decode_head"])
    paths = [save(1, backbone=wide, decode_head=head), save(2)]
    with pytest.raises(UserError, match=r"epoch_1.pth: its weights are another model"):
        average_checkpoints(paths)
