"""The pass over the training set: as a loop finds it, in one process and in two."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine import dist
from torch import nn

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.inference.error_pass import (
    find_errors,
    find_errors_of_share,
    pass_batch_size,
)
from mmext.structures import ErrorBank, load_bank, save_bank

from .models import build_model


def accumulate(store: TileStore, counts: bool) -> ErrorBank:
    model = build_model()
    bank = ErrorBank(
        len(store), store.masks.shape[1:], store.fingerprint, counts=counts
    )
    for epoch in (1, 2):
        found = find_errors_of_share(model, store, np.arange(len(store)), 2)
        bank.add(found.tile_ids, found.fn, found.fp, epoch)
        bank.passes += 1
        bank.sync(dist.get_rank(), dist.get_world_size())
    # The sums are of all processes, whoever asks.
    assert found.sums["target"].sum() == np.count_nonzero(store.masks[:] != 255)
    return bank


def worker(rank: int, folder: str, store: str, counts: bool) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    bank = accumulate(TileStore(store), counts)
    save_bank(bank, Path(folder) / f"bank_{rank}.npz", valid_pixels=1)
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("tiles, counts", [(7, True), (1, False)])
def test_two_processes_accumulate_what_one_does(tmp_path, make_store, tiles, counts):
    store = make_store(tmp_path / "store", tiles=tiles, positive=tiles)
    torch.multiprocessing.spawn(
        worker, (str(tmp_path), str(store), counts), nprocs=2, join=True
    )
    alone = accumulate(TileStore(store), counts)
    assert sum(alone.wrong_pixels()) > 0
    for rank in range(2):
        bank = load_bank(tmp_path / f"bank_{rank}.npz")
        assert bank.passes == alone.passes == 2
        for tile in range(tiles):
            np.testing.assert_array_equal(bank.codes(tile), alone.codes(tile))
            if counts:
                for key, values in alone.counts(tile).items():
                    np.testing.assert_array_equal(bank.counts(tile)[key], values)


def test_every_tile_once_and_nothing_of_the_model_changes(tmp_path, make_store):
    store = TileStore(make_store(tmp_path / "store", tiles=5))
    model = build_model().train()
    before = copy.deepcopy(model.state_dict())
    state = torch.random.get_rng_state()
    found = find_errors_of_share(model, store, range(5), 2)
    assert found.tile_ids.tolist() == list(range(5))
    assert model.training
    assert torch.equal(torch.random.get_rng_state(), state)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


def shaken(store: TileStore, channels=("target",)) -> nn.Module:
    """A model whose batch norms do something; it calls half of the noise target.

    No pixel lies so near the threshold that rounding could move it across.
    """
    rng = np.random.default_rng(0)
    store.images = rng.integers(0, 256, store.images.shape).astype(np.uint8)
    model = build_model(channels).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 2)
    with torch.inference_mode():
        last = model.decode_head.head.conv_seg
        last.weight.normal_()
        logits = model.probabilities(pixels(store, slice(None))).logit()
        by_channel = logits.swapaxes(0, 1).flatten(1).sort(dim=1).values
        # Midway in the widest gap between two pixels near the median.
        middle = by_channel[:, by_channel.shape[1] * 2 // 5 : by_channel.shape[1] // 2]
        gaps = middle.diff(dim=1)
        widest = gaps.argmax(dim=1, keepdim=True)
        last.bias -= (middle.gather(1, widest) + gaps.gather(1, widest) / 2)[:, 0]
    return model


def pixels(store: TileStore, ids) -> torch.Tensor:
    return torch.from_numpy(store.images[ids].astype(np.float32)).permute(0, 3, 1, 2)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [("target",), ("target", "error")])
@pytest.mark.parametrize("fold", [False, True])
def test_errors_are_those_of_a_plain_loop(tmp_path, make_store, dtype, channels, fold):
    store = TileStore(make_store(tmp_path / "store", tiles=5, positive=3))
    model, ids = shaken(store, channels), np.array([0, 2, 3, 1])
    store.images = store.images.astype(dtype)
    store.masks = np.array(store.masks)
    store.masks[1, :3] = 255
    found = find_errors(model, store, ids, batch_size=3, fold=fold)
    with torch.inference_mode():
        probabilities = model.probabilities(pixels(store, ids)).numpy()
    target, said = store.masks[ids], probabilities > 0.5
    # A hundred times what folding and other batches round off.
    assert np.abs(probabilities - 0.5).min() > 1e-4
    assert 0.05 < said.mean() < 0.95
    assert found.folded == fold
    masks = dict(zip(channels, said.swapaxes(0, 1), strict=True))
    union = said.any(axis=1)
    if len(channels) > 1:
        masks["union"] = union
    for packed, expected in (
        (found.fn, (target == 1) & ~union),
        (found.fp, (target == 0) & union),
    ):
        bits = np.unpackbits(packed, axis=1, count=target[0].size).reshape(target.shape)
        assert expected.any()
        np.testing.assert_array_equal(bits, expected)
    assert set(found.sums) == set(masks)
    for name, mask in masks.items():
        by_hand = [
            np.sum((target == label) & (mask == answer))
            for label, answer in ((1, 1), (0, 1), (1, 0), (0, 0))
        ]
        assert found.sums[name].tolist() == by_hand


def test_convolutions_run_in_the_precision_asked_for(tmp_path, make_store):
    store = TileStore(make_store(tmp_path / "store", tiles=4, positive=2))
    model, ids = shaken(store), np.arange(4)
    seen = set()
    model.decode_head.head.conv_seg.register_forward_hook(
        lambda module, inputs, output: seen.add(output.dtype)
    )
    plain = find_errors(model, store, ids, 2, fold=False)
    assert seen == {torch.float32}
    seen.clear()
    lower = find_errors(model, store, ids, 2, fold=False, autocast=torch.bfloat16)
    assert seen == {torch.bfloat16}
    # Eight bits of mantissa: a pixel near the threshold may change, few do.
    changed = np.bitwise_count(plain.fn ^ lower.fn).sum()
    changed += np.bitwise_count(plain.fp ^ lower.fp).sum()
    assert changed < 0.05 * store.masks.size


def test_nan_is_refused_with_its_tiles(tmp_path, make_store):
    store = TileStore(make_store(tmp_path / "store", tiles=4))
    store.images = np.asarray(store.images).astype(np.float32)
    store.images[2, 0, 0] = np.nan
    model = build_model().train()
    with pytest.raises(UserError, match=r"hold NaN, of tiles 2; look"):
        find_errors(model, store, np.arange(4), 3)
    assert model.training


def test_a_process_without_tiles(tmp_path, make_store):
    store = TileStore(make_store(tmp_path / "store", tiles=2))
    found = find_errors(build_model(), store, np.array([], int), 2)
    assert found.fn.shape == found.fp.shape == (0, store.masks[0].size // 8)
    assert found.sums["target"].tolist() == [0, 0, 0, 0]


def test_batches_are_as_large_as_caches_allow():
    model = build_model()
    threads = torch.get_num_threads()
    assert pass_batch_size(model, 128 * 128, training=16) == 4 * threads
    assert pass_batch_size(model, 2048 * 2048, training=16) == max(1, threads // 64)
