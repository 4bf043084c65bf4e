"""Changing a whole batch is changing its tiles, drawn from the same distributions."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from mmext.datasets import RandomFlip, RandomRot90, TileDataset, TilePhotometric
from mmext.datasets.collate_tiles import collate_tiles
from mmext.models import BandNormalizer
from mmext.structures import TileSamples

FLIPS = [
    dict(prob=0.5),
    dict(prob=0.6, direction=["horizontal", "vertical", "diagonal"]),
    dict(prob=[0.2, 0.5], direction=["diagonal", "vertical"]),
    dict(prob=1.0, direction="vertical"),
]


def batch(number=400, size=6):
    images = torch.rand(number, 3, size, size)
    maps = dict(
        gt_sem_seg=(255 * images[:, 0]).to(torch.uint8),
        gt_error_frequency=images[:, 1].clone(),
    )
    return images, TileSamples(metainfo=dict(columns={}, steps=[]), **maps)


def one_by_one(step, image, samples, tile):
    results = dict(
        img=image.permute(1, 2, 0).numpy().copy(),
        seg_fields=["a", "b"],
        a=samples.gt_sem_seg[tile].numpy(),
        b=samples.gt_error_frequency[tile].numpy(),
    )
    return step(results)


@pytest.mark.parametrize("flip", FLIPS, ids=str)
def test_flips_are_mmsegs(flip):
    step, (images, samples) = RandomFlip(**flip), batch()
    before = images.clone()
    read = samples.clone()
    torch.manual_seed(0)
    flipped = step.change_batch(images, samples)
    ways = samples.columns["flip_direction"]
    assert samples.columns["flip"] == [way is not None for way in ways]
    # The same draw, handed to mmseg's own code.
    for tile, way in enumerate(ways):
        step._choose_direction = lambda way=way: way
        alone = one_by_one(step, before[tile], read, tile)
        np.testing.assert_array_equal(flipped[tile].permute(1, 2, 0), alone["img"])
        np.testing.assert_array_equal(samples.gt_sem_seg[tile], alone["a"])
        np.testing.assert_array_equal(samples.gt_error_frequency[tile], alone["b"])
    assert torch.equal(images, before)
    np.random.seed(0)  # noqa: NPY002 - mmcv draws from it
    one = RandomFlip(**flip)
    drawn = [one._choose_direction() for _ in range(400)]
    for way in {*ways, *drawn}:
        # Within four deviations of a difference of two such shares.
        assert abs(ways.count(way) - drawn.count(way)) < 4 * (2 * 400 / 4) ** 0.5


def test_turns_are_those_of_one_tile():
    step, (images, samples) = RandomRot90(), batch()
    read = samples.clone()
    torch.manual_seed(3)
    turned = step.change_batch(images, samples)
    torch.manual_seed(3)
    drawn = torch.randint(4, (400,)).tolist()
    for tile, turns in enumerate(drawn):
        step._turns = lambda turns=turns: turns
        alone = one_by_one(step, images[tile], read, tile)
        np.testing.assert_array_equal(turned[tile].permute(1, 2, 0), alone["img"])
        np.testing.assert_array_equal(samples.gt_sem_seg[tile], alone["a"])
        np.testing.assert_array_equal(samples.gt_error_frequency[tile], alone["b"])
    assert all(70 < drawn.count(turns) < 130 for turns in range(4))


def test_other_light_is_that_of_one_tile():
    """What one tile's draw can make of it: stretch and shift are found back."""
    step, (images, samples) = TilePhotometric(0.3, 0.2, 0.1), batch()
    images = 1000 + 50 * images
    changed = step.change_batch(images, samples).double()
    mean, spread = images.double().mean((2, 3)), images.double().std((2, 3), False)
    stretch = changed.std((2, 3), False) / spread
    assert torch.allclose(stretch, stretch[:, :1].expand(-1, 3), atol=1e-4)
    common = spread.mean(1, keepdim=True)
    shift = (changed.mean((2, 3)) - mean) / common
    for values, reach in (
        (stretch[:, 0] - 1, 0.2),
        (shift - shift.mean(1, keepdim=True), 4 / 3 * 0.1),
        (shift.mean(1), 0.4),
    ):
        assert float(values.abs().max()) < reach * 1.001
        assert float(values.abs().max()) > reach * 0.5
        assert abs(float(values.mean())) < 0.2 * reach
    for tile in range(20):
        drawn = float(stretch[tile, 0]), shift[tile].float().numpy()
        step._draw = lambda bands, drawn=drawn: drawn
        alone = one_by_one(step, images[tile], samples, tile)["img"]
        np.testing.assert_allclose(
            changed[tile].permute(1, 2, 0), alone, rtol=1e-5, atol=1e-3
        )


def test_a_loaders_batch_is_changed_by_the_preprocessor(tmp_path, make_store):
    """Band 0 is the mask, so image and map must move together; a seed decides."""
    path = make_store(tmp_path / "store", positive=6)
    stored = np.load(path / "images.npy", mmap_mode="r+")
    stored[..., 0] = np.load(path / "masks.npy")
    stored.flush()
    steps = ("LoadTile", "RandomRot90", "RandomFlip", "PackTileInputs")
    pipeline = [dict(type=step) for step in steps]
    pipeline[2]["prob"] = 0.5
    dataset = TileDataset(path, pipeline)
    normalise = BandNormalizer([0.0] * 3, [1.0] * 3)
    seen = []
    for workers in (0, 2):
        loader = DataLoader(dataset, 6, collate_fn=collate_tiles, num_workers=workers)
        [read] = loader
        for seed in (1, 2, 1):
            torch.manual_seed(seed)
            data = normalise(read, True)
            assert torch.equal(
                data["inputs"][:, 0].to(torch.uint8), data["data_samples"].gt_sem_seg
            )
            seen.append(data["inputs"])
            # Nothing is left to do, and what was read is as it was.
            assert not data["data_samples"].steps
            assert "flip" in data["data_samples"][0].metainfo
            np.testing.assert_array_equal(read["inputs"][:, 0], dataset.store.masks)
    assert torch.equal(seen[0], seen[2])
    assert torch.equal(seen[0], seen[3])
    assert not torch.equal(seen[0], seen[1])
