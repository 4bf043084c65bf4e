"""Pictures of tiles on their way to any backend."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from PIL import Image

from mmext.datasets.tile_dataset import TileDataset
from mmext.datasets.tile_store import TileStore
from mmext.engine.hooks import ErrorAccumulationHook, TileVisualizationHook
from mmext.engine.train import train
from mmext.errors import UserError
from mmext.pixel_values import IGNORE
from mmext.structures import ErrorBank
from tests.engine.conftest import CONFIGS, tiny
from tests.engine.pictures import GAP, Shown, panels
from tests.inference.models import build_model


def runner_of(store, model, hooks=(), val=True, **dataset):
    loader = SimpleNamespace(dataset=TileDataset(store, **dataset))
    return SimpleNamespace(
        model=model,
        hooks=list(hooks),
        train_dataloader=loader,
        val_loop=SimpleNamespace(dataloader=loader) if val else None,
        visualizer=Shown(),
        epoch=0,
        max_epochs=20,
    )


@pytest.fixture
def half_ignored(make_store, tmp_path):
    """A store whose first tile's upper half is ignored."""
    path = make_store(tmp_path / "store", tiles=4, positive=3, size=16)
    masks = np.load(path / "masks.npy", mmap_mode="r+")
    masks[0, :8] = IGNORE
    masks.flush()
    return path


def test_panels_say_what_they_should(half_ignored):
    store = TileStore(half_ignored)
    model = build_model().eval()
    hook = TileVisualizationHook(tiles=10, interval=1)
    bank = ErrorBank(4, (16, 16), store.fingerprint)
    bank.update(
        np.arange(4), np.ones((4, 16, 16), bool), np.asarray(store.masks), epoch=1
    )
    accumulation = ErrorAccumulationHook()
    accumulation._bank = bank
    runner = runner_of(half_ignored, model, [Hook(), accumulation])
    hook.before_train(runner)
    hook.after_train_epoch(runner)

    shown = np.flatnonzero(store.tiles["positive_fraction"] > 0)
    for name, columns in (("train_tiles", 5), ("val_tiles", 4)):
        picture = runner.visualizer.pictures[name, 1]
        assert picture.dtype == np.uint8
        rows = panels(picture, len(shown), columns)
        for tile, row in zip(shown, rows, strict=True):
            image, label, decided, wrong, *ever = row
            truth = np.asarray(store.masks[tile])
            np.testing.assert_array_equal(image, store.images[tile][..., :3])
            np.testing.assert_array_equal((label == 255).all(-1), truth == 1)
            np.testing.assert_array_equal((label == 128).all(-1), truth == IGNORE)
            with torch.no_grad():
                pixels = torch.from_numpy(np.array(store.images[tile]))
                found = model.probabilities(pixels.permute(2, 0, 1)[None].float())
            mask = model.decide(found)["mask"][0].numpy()
            np.testing.assert_array_equal(decided.any(-1), mask)
            orange, pink = (213, 94, 0), (204, 121, 167)
            np.testing.assert_array_equal(
                (wrong == orange).all(-1), (truth == 1) & ~mask
            )
            np.testing.assert_array_equal((wrong == pink).all(-1), (truth == 0) & mask)
            if ever:
                # The bank was told that everything was target.
                np.testing.assert_array_equal((ever[0] == pink).all(-1), truth == 0)


def test_only_when_it_is_due(make_store, tmp_path):
    runner = runner_of(make_store(tmp_path / "store"), build_model(), val=False)
    hook = TileVisualizationHook(tiles=2, interval=8)
    hook.before_train(runner)
    for runner.epoch in range(20):
        hook.after_train_epoch(runner)
    assert list(runner.visualizer.pictures) == [
        ("train_tiles", epoch) for epoch in (8, 16, 20)
    ]


def test_a_store_without_target_is_shown(make_store, tmp_path):
    store = make_store(tmp_path / "store", tiles=3, positive=0, dtype="uint16")
    runner = runner_of(store, build_model())
    hook = TileVisualizationHook(tiles=2, interval=1)
    hook.before_train(runner)
    hook.after_train_epoch(runner)
    assert runner.visualizer.pictures["train_tiles", 1].shape[0] == 2 * 16 + GAP


def test_other_data_sets_are_refused():
    runner = SimpleNamespace(
        train_dataloader=SimpleNamespace(dataset=[1, 2]), val_loop=None
    )
    with pytest.raises(UserError, match=r"is a list, .* expects a TileDataset"):
        TileVisualizationHook().before_train(runner)


def test_a_training_is_the_same_with_pictures(tmp_path, make_store):
    """Both stages, TensorBoard where it is installed; weights to the bit."""
    store = make_store(tmp_path / "store", tiles=6, positive=3)
    kinds = ["LocalVisBackend"]
    try:
        import tensorboard  # noqa: F401

        kinds.append("TensorboardVisBackend")
    except ImportError:
        pass
    ends = []
    for pictures in (False, True):
        options = tiny(store)
        if pictures:
            options["default_hooks.visualization"] = dict(
                type="TileVisualizationHook", tiles=2, interval=2
            )
            options["visualizer.vis_backends"] = [dict(type=kind) for kind in kinds]
        folder = tmp_path / f"pictures_{pictures}" / "stage2_A100-200"
        train(
            CONFIGS / "stage2_A100-200.py", folder, options=options, with_parents=True
        )
        weights = torch.load(folder / "epoch_8.pth", weights_only=True)["state_dict"]
        ends.append(weights)
    for name, value in ends[0].items():
        assert torch.equal(value, ends[1][name]), name
    shown = sorted(path.name for path in folder.rglob("*.png") if "tiles" in path.name)
    assert len(shown) == 2 * 4
    with Image.open(next(folder.rglob("train_tiles_8.png"))) as picture:
        assert picture.size == (5 * 16 + 4 * GAP, 2 * 16 + GAP)
    if len(kinds) == 2:
        from tensorboard.backend.event_processing.event_accumulator import (
            EventAccumulator,
        )

        [events] = folder.rglob("events.out.tfevents*")
        log = EventAccumulator(str(events)).Reload()
        assert set(log.Tags()["images"]) == {"train_tiles", "val_tiles"}
        assert len(log.Images("val_tiles")) == 4
    record = json.loads((folder / "run.json").read_text())
    assert record["state"] == "finished"
