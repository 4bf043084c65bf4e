"""The pass over the training set: one process and two must find the same."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine import dist
from mmengine.registry import DefaultScope

from mmext.datasets.tile_store import TileStore
from mmext.inference.store_pass import predict_share, predict_tiles
from mmext.registry import MODELS
from mmext.structures import ErrorBank, load_bank, save_bank


def build_model():
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope("mmext"):
        return MODELS.build(
            dict(
                type="BinarySegmentor",
                data_preprocessor=dict(
                    type="BandNormalizer", mean=[80.0] * 3, std=[40.0] * 3
                ),
                backbone=dict(type="UNet3", base_channels=4),
                decode_head=dict(
                    type="MultiLabelHead",
                    channels=("target",),
                    head=dict(
                        type="FCNHead",
                        in_channels=4,
                        channels=4,
                        in_index=3,
                        num_convs=0,
                        concat_input=False,
                        dropout_ratio=0,
                    ),
                    loss=dict(type="MaskedBCEWithLogitsLoss"),
                ),
            )
        )


def accumulate(store: TileStore, counts: bool) -> ErrorBank:
    model = build_model()
    bank = ErrorBank(
        len(store), store.masks.shape[1:], store.fingerprint, counts=counts
    )
    for epoch in (1, 2):
        for tiles in predict_share(model, store, batch_size=2):
            bank.update(tiles.tile_ids, tiles.mask, tiles.target, epoch)
        bank.passes += 1
        bank.sync(dist.get_rank(), dist.get_world_size())
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
    seen = [tile for t in predict_share(model, store, 2) for tile in t.tile_ids]
    assert seen == list(range(5))
    assert model.training
    assert torch.equal(torch.random.get_rng_state(), state)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_tiles_are_predicted_in_the_order_asked_for(tmp_path, make_store, dtype):
    store = TileStore(make_store(tmp_path / "store", tiles=5))
    store.images = np.asarray(store.images).astype(dtype)
    model, ids = build_model().eval(), np.array([4, 0, 3])
    batches = list(predict_tiles(model, store, ids, batch_size=2))
    assert [t.tile_ids.tolist() for t in batches] == [[4, 0], [3]]
    images = torch.from_numpy(store.images[ids].astype(np.float32))
    with torch.inference_mode():
        expected = model.probabilities(images.permute(0, 3, 1, 2))
    found = torch.cat([t.probabilities for t in batches])
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
    masks = np.concatenate([t.channels["target"] for t in batches])
    np.testing.assert_array_equal(masks, expected[:, 0] > 0.5)
    targets = np.concatenate([t.target for t in batches])
    np.testing.assert_array_equal(targets, store.masks[ids])
