"""Sums of checkpoints and weights made of them, on a work directory made by hand."""

import json
import os

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmext.datasets.tile_store import TileStore
from mmext.engine.work_dir import checkpoints, write_run_record
from mmext.errors import UserError
from mmext.evaluation.answers import Answers
from mmext.evaluation.decision_rule import DecisionRule
from mmext.inference.checkpoint import load_model
from mmext.inference.config_data import plain_config
from mmext.inference.prediction_dump import dump_predictions, load_predictions
from mmext.registry import MODELS
from mmext.study import epoch_sums as module
from mmext.study.arm_weights import Weights
from mmext.study.epoch_sums import count_scenes, epoch_sums
from mmext.study.results import score_arm
from mmext.study.stability import StabilityWindow, score_epochs
from tests.inference.test_checkpoint import model_config


@pytest.fixture
def stores(make_store, tmp_path):
    paths = {}
    for seed, name in enumerate(("train", "val", "test")):
        path = make_store(tmp_path / name, tiles=6, seed=seed)
        paths[name] = TileStore(path)
    # Tiles of three scenes, in no order: two, three and one.
    table = paths["test"].tiles.copy()
    table["scene"] = ["b", "a", "b", "c", "a", "a"]
    paths["test"].__dict__["tiles"] = table
    return paths


@pytest.fixture
def train(tmp_path, stores):
    """Work directories of random networks, which find a bit of everything."""

    def train(name, epochs, channels=("target",), decoder=None, lineage=None):
        work_dir = tmp_path / name
        work_dir.mkdir()
        record = dict(config=name, seed=0, epochs=max(epochs), state="finished")
        write_run_record(work_dir, record | dict(lineage=lineage))
        model = model_config(channels=channels)
        model["decoder"] = dict(type="UnionDecoder", **(decoder or {}))
        config = dict(
            model=model,
            train_dataloader=dict(
                batch_size=3,
                num_workers=0,
                collate_fn=dict(type="mmext.collate_tiles"),
                sampler=dict(type="DefaultSampler", shuffle=False),
                dataset=dict(
                    type="TileDataset",
                    store=str(stores["train"].path),
                    pipeline=[dict(type="LoadTile"), dict(type="PackTileInputs")],
                ),
            ),
        )
        for epoch in epochs:
            torch.manual_seed(epoch)
            built = MODELS.build(model).eval()
            images = torch.from_numpy(np.array(stores["val"].images))
            with torch.no_grad():
                logits = built._forward((images.permute(0, 3, 1, 2) - 100.0) / 9)
                # Of each channel a share of the pixels that differs by epoch.
                share = 0.5 + epoch % 7 / 20
                levels = logits.transpose(0, 1).flatten(1).quantile(share, dim=1)
                [bias] = [
                    weight
                    for name, weight in built.named_parameters()
                    if name.endswith("conv_seg.bias")
                ]
                bias.sub_(levels)
            state = built.state_dict()
            meta = dict(cfg=plain_config(Config(config)), epoch=epoch)
            content = dict(meta=meta, state_dict=state)
            torch.save(content, work_dir / f"epoch_{epoch}.pth")
        return work_dir

    return train


@pytest.mark.parametrize(
    "channels, decoder",
    [
        (("target",), dict(threshold=0.3)),
        (("target", "error"), dict(mode="touching", confident=0.9)),
    ],
)
def test_the_same_sums_as_by_a_dump(train, stores, tmp_path, channels, decoder):
    work_dir = train("run", [3], channels, decoder)
    model = load_model(work_dir / "epoch_3.pth").model
    dump_predictions(model, stores["test"], tmp_path / "dump")
    answers = Answers(stores["test"], [load_predictions(tmp_path / "dump")])
    expected = score_arm(answers, DecisionRule(decoder), 0.0).sums
    found = count_scenes(model, stores["test"])
    assert found.shape == (3, 3) and (found[:, :2] > 0).any()
    np.testing.assert_array_equal(found, expected)


def test_counted_once_and_again_for_another_file(train, stores, tmp_path, monkeypatch):
    work_dir = train("run", [3])
    counted = []

    def count(model, store):
        counted.append(store.path.name)
        return count_scenes(model, store)

    monkeypatch.setattr(module, "count_scenes", count)
    path, folder = work_dir / "epoch_3.pth", tmp_path / "sums"
    first = epoch_sums(path, stores["test"], folder)
    np.testing.assert_array_equal(epoch_sums(path, stores["test"], folder), first)
    assert counted == ["test"]
    os.utime(path, ns=(1, 1))
    epoch_sums(path, stores["test"], folder)
    epoch_sums(path, stores["val"], folder)
    assert counted == ["test", "test", "val"]
    kept = folder / "epoch_3.json"
    content = json.loads(kept.read_text())
    kept.write_text(json.dumps(content | {"sums": [[1, -2, 3]]}))
    with pytest.raises(UserError, match=r"epoch_3.json.sums\[0\]\[1\]: is -2, expec"):
        epoch_sums(path, stores["val"], folder)


def test_epochs_of_a_window(train, stores):
    one, two = train("one", [2, 4, 6, 8, 10]), train("two", [90, 92, 94, 96, 98])
    window = StabilityWindow(last=8, every=2)
    found = score_epochs({"x": [one], "y": [two], "z": [one]}, window, stores["test"])
    assert found["x"][0].epochs.tolist() == [4, 6, 8, 10]
    assert found["y"][0].epochs.tolist() == [92, 94, 96, 98]
    scores = found["x"][0]
    assert scores.sums.shape == (4, 3, 3)
    ious = []
    for epoch in (4, 6, 8, 10):
        model = load_model(one / f"epoch_{epoch}.pth").model
        tp, fp, fn = count_scenes(model, stores["test"]).sum(axis=0)
        ious.append(tp / (tp + fp + fn))
    np.testing.assert_allclose(scores.iou, ious)
    assert scores.deviation == pytest.approx(np.std(ious, ddof=1))
    every = StabilityWindow(last=100, every=3)
    found = score_epochs({"x": [one]}, every, stores["test"])
    assert found["x"][0].epochs.tolist() == [2, 6, 10]


@pytest.mark.parametrize(
    "epochs, every, message",
    [
        ([10], 1, "other: keeps 1 checkpoint of its last 8 epochs, expected at lea"),
        ([8, 10], 1, "other: keeps 2 checkpoints that stability asks for, expected"),
        ([5, 6, 7, 8, 9, 10], 4, "one: keeps 2 checkpoints that stability asks for"),
        ([7, 8, 9, 10], 2, r"−2, 0 epochs from its end, those of .*one −6, −4, −2, 0"),
    ],
)
def test_epochs_that_are_not_comparable(train, stores, epochs, every, message):
    work_dirs = {"x": [train("one", [2, 4, 6, 8, 10])], "y": [train("other", epochs)]}
    if epochs == [7, 8, 9, 10]:
        message = r"other: keeps 2 checkpoints"
    with pytest.raises(UserError, match=message):
        score_epochs(work_dirs, StabilityWindow(last=8, every=every), stores["test"])
    assert not list(work_dirs["x"][0].glob("study/*"))


def test_windows_must_be_alike(train, stores):
    one, other = train("one", [2, 4, 6, 8]), train("other", [5, 6, 7, 8])
    expected = r"other: .* lie −3, −2, −1, 0 epochs from its end, those of .*one −6, −4"
    with pytest.raises(UserError, match=expected):
        score_epochs({"x": [one, other]}, StabilityWindow(last=8), stores["test"])


def weights_of(path):
    return torch.load(path)["state_dict"]


def test_weights_of_an_arm(train, stores):
    work_dir = train("run", [2, 4, 6])
    kept = {epoch: weights_of(path) for epoch, path in checkpoints(work_dir).items()}
    last, val = work_dir / "epoch_6.pth", stores["val"]
    name = "backbone.bottleneck.0.conv.weight"
    assert name in kept[2]

    mean = Weights(mean=3).checkpoint(work_dir, last, val)
    assert mean == work_dir / "study" / "mean_3.pth"
    torch.testing.assert_close(
        weights_of(mean)[name], (kept[4][name] + kept[6][name]) / 2
    )
    ema = Weights(ema=0.75).checkpoint(work_dir, last, val)
    expected = 0.75 * (0.75 * kept[2][name] + 0.25 * kept[4][name])
    torch.testing.assert_close(weights_of(ema)[name], expected + 0.25 * kept[6][name])
    plain = Weights(batch_norm=True).checkpoint(work_dir, last, val)
    assert plain.name == "batch_norm.pth"
    torch.testing.assert_close(weights_of(plain)[name], kept[6][name])
    statistics = name.replace("conv.weight", "bn.running_mean")
    assert not torch.equal(weights_of(plain)[statistics], kept[6][statistics])
    ious = {}
    for epoch, path in checkpoints(work_dir).items():
        tp, fp, fn = count_scenes(load_model(path).model, val).sum(axis=0)
        ious[epoch] = tp / (tp + fp + fn)
    best = Weights(best="val").checkpoint(work_dir, last, val)
    assert best == work_dir / f"epoch_{max(ious, key=ious.get)}.pth"
    assert len(set(ious.values())) == 3
    within = {epoch: value for epoch, value in ious.items() if epoch > 2}
    some = {epoch: ious[epoch] for epoch in ious if (max(ious) - epoch) % 4 == 0}
    assert 1 < len(some) < len(ious)
    best = Weights(best="val", every=4).checkpoint(work_dir, last, val)
    assert best == work_dir / f"epoch_{max(some, key=some.get)}.pth"
    best = Weights(best="val", last=4).checkpoint(work_dir, last, val)
    assert best == work_dir / f"epoch_{max(within, key=within.get)}.pth"


def val_ious(paths, val):
    found = {}
    for path in paths:
        tp, fp, fn = count_scenes(load_model(path).model, val).sum(axis=0)
        found[path] = tp / (tp + fp + fn)
    return found


@pytest.mark.parametrize("use", ["continue", "branch", "bank"])
def test_early_stopping_looks_back_at_what_a_training_continues(train, stores, use):
    """Of the trunk what was trained before it went on, of a bank's run nothing."""
    epochs = [2, 4, 6] if use == "bank" else [8, 10, 12]
    trunk = train("trunk", [2, 4, 6, 8])
    run = train("run", epochs, lineage=dict(parent="trunk", epoch=6, use=use))
    looked_at = [run / f"epoch_{epoch}.pth" for epoch in epochs]
    if use != "bank":
        looked_at = [trunk / f"epoch_{epoch}.pth" for epoch in (2, 4, 6)] + looked_at
    ious = val_ious(looked_at, stores["val"])
    last = run / f"epoch_{epochs[-1]}.pth"
    best = Weights(best="val").checkpoint(run, last, stores["val"])
    assert best == max(ious, key=ious.get)
    counted = {path.stem for path in (run / "study" / "val_sums").iterdir()}
    assert counted == {path.stem for path in looked_at}


@pytest.mark.parametrize("kept", [[], [4]])
def test_early_stopping_of_the_last_epochs_alone_is_refused(train, stores, kept):
    lineage = dict(parent="trunk", epoch=4, use="continue") if kept else None
    if kept:
        train("trunk", kept)
    run = train("run", [10, 11, 12], lineage=lineage)
    last, val = run / "epoch_12.pth", stores["val"]
    if kept:  # 4 is as near to the beginning as to 10
        Weights(best="val").checkpoint(run, last, val)
        return
    with pytest.raises(UserError, match=r"run: early .* epochs 10 to 12 only, expect"):
        Weights(best="val").checkpoint(run, last, val)
    Weights(best="val", last=3).checkpoint(run, last, val)


def test_an_average_is_made_once_and_again_for_other_files(train, stores):
    work_dir = train("run", [2, 4])
    last, weights = work_dir / "epoch_4.pth", Weights(mean=9)
    made = weights.checkpoint(work_dir, last, stores["val"])
    before = made.stat().st_mtime_ns
    weights.checkpoint(work_dir, last, stores["val"])
    assert made.stat().st_mtime_ns == before
    os.utime(work_dir / "epoch_2.pth", ns=(1, 1))
    weights.checkpoint(work_dir, last, stores["val"])
    assert made.stat().st_mtime_ns != before
    with pytest.raises(UserError, match="keeps 1 checkpoint of its last 2 epochs"):
        Weights(mean=2).checkpoint(work_dir, last, stores["val"])
