"""Errors of training steps: against a search for how each tile was turned."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from torch import nn

from mmext.datasets import TileDataset, collate_tiles
from mmext.engine.training_errors import (
    TrainingErrors,
    refuse_what_cannot_be_undone,
)
from mmext.errors import UserError
from tests.inference.models import build_model

AUGMENTED = [
    dict(type="LoadTile"),
    dict(type="RandomFlip", prob=[0.3, 0.3], direction=["horizontal", "vertical"]),
    dict(type="RandomRot90"),
    dict(type="RandomFlip", prob=0.5),
    dict(type="PackTileInputs"),
]


def step(model: nn.Module, dataset: TileDataset, indices: list[int]) -> dict:
    """A training step's forward; the batch as the network gets it."""
    batch = collate_tiles(dataset.__getitems__(indices))
    data = model.data_preprocessor(batch, True)
    model._run_forward(data, mode="loss")
    return data


def naive(model: nn.Module, store, data: dict, tile_ids: list[int], bank: np.ndarray):
    """OR a step's errors into (N, 2, H, W), each pixel found where it came from."""
    with torch.no_grad():
        logits = model.decode_head(model.extract_feat(data["inputs"]))[:, 0].numpy()
    mean = model.data_preprocessor.mean.numpy()
    std = model.data_preprocessor.std.numpy()
    images = np.rint(data["inputs"].numpy() * std + mean).transpose(0, 2, 3, 1)
    side = images.shape[1]
    pixels = np.arange(side * side).reshape(side, side)
    for tile, image, logit in zip(tile_ids, images, logits, strict=True):
        places = [
            np.rot90(flipped, turns)
            for flipped in (pixels, pixels[:, ::-1])
            for turns in range(4)
        ]
        flat = store.images[tile].reshape(side * side, -1)
        (place,) = [p for p in places if np.array_equal(flat[p], image)]
        labels = store.masks[tile].reshape(-1)
        for row in range(side):
            for column in range(side):
                pixel = place[row, column]
                said = logit[row, column] > 0
                if labels[pixel] == 1 and not said:
                    bank[tile, 0].flat[pixel] = True
                if labels[pixel] == 0 and said:
                    bank[tile, 1].flat[pixel] = True


def unpacked(packed: np.ndarray, side: int) -> np.ndarray:
    bits = np.unpackbits(packed, axis=1, count=side * side)
    return bits.reshape(-1, side, side).astype(bool)


def test_errors_lie_where_their_pixels_lie_in_the_store(tmp_path, make_store):
    dataset = TileDataset(make_store(tmp_path / "store", tiles=9), AUGMENTED)
    store, side = dataset.store, dataset.store.masks.shape[1]
    model = build_model().train()
    found = TrainingErrors(model, len(store), side * side)
    expected = np.zeros((len(store), 2, side, side), bool)
    # Tile 2 twice in a batch and again in the next; 7 and 8 in none.
    for ids in ([2, 0, 2, 1], [3, 2, 4, 5], [6, 6, 6]):
        data = step(model, dataset, ids)
        found.add_step()
        naive(model, store, data, ids, expected)
    tile_ids, fn, fp = found.close()
    assert tile_ids.tolist() == list(range(7))
    np.testing.assert_array_equal(unpacked(fn, side), expected[:7, 0])
    np.testing.assert_array_equal(unpacked(fp, side), expected[:7, 1])
    assert expected[:7, 0].any() and expected[:7, 1].any()


def test_nothing_listens_after_the_epoch():
    model = build_model().train()
    TrainingErrors(model, 6, 256).close()
    assert not model.data_preprocessor._forward_hooks
    assert not model.decode_head.head._forward_hooks


def test_a_step_that_went_elsewhere_is_refused():
    found = TrainingErrors(build_model(), 6, 256)
    with pytest.raises(UserError, match=r"source: is 'training', but the training"):
        found.add_step()


@pytest.mark.parametrize(
    "step, collate, message",
    [
        (dict(type="RandomFlip", prob=0.5), partial(collate_tiles), None),
        (dict(type="TilePhotometric"), collate_tiles, None),
        (dict(type="RandomFlip", prob=0.5), pseudo_collate, "collate_fn is another"),
        (dict(type="RandomCrop", crop_size=(8, 8)), collate_tiles, "samples one by"),
    ],
)
def test_what_cannot_be_undone_is_refused(tmp_path, make_store, step, collate, message):
    pipeline = [dict(type="LoadTile"), step, dict(type="PackTileInputs")]
    dataset = TileDataset(make_store(tmp_path / "store"), pipeline)
    loader = SimpleNamespace(dataset=dataset, collate_fn=collate)
    if message is None:
        refuse_what_cannot_be_undone(loader, "here")
    else:
        with pytest.raises(UserError, match=f"here: .*{message}"):
            refuse_what_cannot_be_undone(loader, "here")


def worker(rank: int, folder: str, store: str) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    found = errors_of(store, [[0, 1, 2], [2, 3, 1]][rank])
    np.savez(Path(folder) / f"{rank}.npz", *found)
    torch.distributed.destroy_process_group()


def errors_of(store: str, ids: list[int]) -> tuple[np.ndarray, ...]:
    torch.manual_seed(1)
    pipeline = [dict(type="LoadTile"), dict(type="PackTileInputs")]
    dataset = TileDataset(store, pipeline)
    model = build_model().train()
    found = TrainingErrors(model, len(dataset), 256)
    step(model, dataset, ids)
    found.add_step()
    return found.close()


def test_two_processes_have_the_union(tmp_path, make_store):
    store = str(make_store(tmp_path / "store"))
    torch.multiprocessing.spawn(worker, (str(tmp_path), store), nprocs=2, join=True)
    expected = np.zeros((2, 4, 32), np.uint8)
    for ids in ([0, 1, 2], [2, 3, 1]):
        tile_ids, fn, fp = errors_of(store, ids)
        expected[0, tile_ids] |= fn
        expected[1, tile_ids] |= fp
    for rank in range(2):
        found = np.load(tmp_path / f"{rank}.npz")
        assert found["arr_0"].tolist() == [0, 1, 2, 3]
        np.testing.assert_array_equal(found["arr_1"], expected[0])
        np.testing.assert_array_equal(found["arr_2"], expected[1])
