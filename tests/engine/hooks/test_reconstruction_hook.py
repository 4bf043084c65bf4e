"""Pictures of what is hidden and what is guessed."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mmext.datasets.tile_dataset import TileDataset
from mmext.datasets.tile_store import TileStore
from mmext.engine.hooks import ReconstructionHook
from mmext.errors import UserError
from mmext.registry import MODELS
from tests.engine.pictures import Shown, panels


def runner_of(store, model):
    return SimpleNamespace(
        model=model,
        train_dataloader=SimpleNamespace(dataset=TileDataset(store)),
        visualizer=Shown(),
        epoch=0,
        max_epochs=7,
    )


@pytest.fixture
def store(make_store, tmp_path):
    return make_store(tmp_path / "store", tiles=5, size=16)


@pytest.fixture
def model():
    return MODELS.build(
        dict(
            type="MaskedImageModel",
            backbone=dict(type="UNet3", base_channels=2),
            data_preprocessor=dict(
                type="BandNormalizer", mean=[60.0] * 3, std=[30.0] * 3
            ),
            patch_size=8,
            mask_ratio=0.5,
        )
    )


def test_panels_say_what_they_should(store, model):
    # A network that takes whatever is hidden for two deviations above the mean.
    model.reconstruct = lambda images, mask: torch.full_like(images, 2.0)
    hook, runner = ReconstructionHook(tiles=3, interval=2), runner_of(store, model)
    hook.before_train(runner)
    numbers, before = torch.get_rng_state(), model.train().training
    for runner.epoch in range(7):
        hook.after_train_epoch(runner)
    assert torch.equal(torch.get_rng_state(), numbers)
    assert model.training == before
    names = [("reconstructions", epoch) for epoch in (2, 4, 6, 7)]
    assert list(runner.visualizer.pictures) == names
    pictures = list(runner.visualizer.pictures.values())
    assert all((picture == pictures[0]).all() for picture in pictures)
    images = TileStore(store).images
    for row, tile in zip(panels(pictures[0], 3, 3), (0, 2, 4), strict=True):
        image, shown, guessed = row
        np.testing.assert_array_equal(image, images[tile])
        hidden = (guessed == 120).all(axis=2)
        assert hidden.mean() == 0.5
        assert (shown[hidden] == 128).all()
        for panel in (shown, guessed):
            np.testing.assert_array_equal(panel[~hidden], image[~hidden])


def test_another_training_is_refused(store):
    runner = runner_of(store, torch.nn.Identity())
    with pytest.raises(UserError, match="of a Identity on a TileDataset, expected"):
        ReconstructionHook().before_train(runner)
