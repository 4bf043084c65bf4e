import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from mmext.datasets import TileDataset
from mmext.errors import UserError
from mmext.registry import DATASETS
from mmext.structures import ErrorBank, save_bank

PIPELINE = [
    dict(type="LoadTile"),
    dict(type="LoadErrorMask"),
    dict(type="PackTileInputs"),
]


@pytest.fixture
def store(tmp_path, make_store):
    return make_store(tmp_path / "store")


@pytest.fixture
def snapshot(tmp_path, store):
    """Tile 0 all missed, tile 5 all false alarm."""
    masks = np.load(store / "masks.npy")
    bank = ErrorBank(6, (16, 16), TileDataset(store).store.fingerprint)
    ids = np.array([0, 5])
    predicted = np.stack([np.zeros((16, 16), bool), np.ones((16, 16), bool)])
    bank.update(ids, predicted, masks[ids], 1)
    save_bank(bank, tmp_path / "bank.npz", valid_pixels=1)
    return tmp_path / "bank.npz"


def test_a_packed_sample_is_the_stores_tile(store, snapshot):
    dataset = DATASETS.build(
        dict(type="TileDataset", store=store, error_mask=snapshot, pipeline=PIPELINE)
    )
    masks = np.load(store / "masks.npy")
    images = np.load(store / "images.npy")
    for tile in range(6):
        packed = dataset[tile]
        sample = packed["data_samples"]
        assert packed["inputs"].dtype == torch.float32
        np.testing.assert_array_equal(
            packed["inputs"].numpy(), images[tile].transpose(2, 0, 1)
        )
        np.testing.assert_array_equal(sample.gt_sem_seg.data[0], masks[tile])
        expected = {0: np.where(masks[0] == 1, 1, 0), 5: np.full((16, 16), 2)}
        codes = expected.get(tile, np.zeros((16, 16), int))
        codes = np.where(masks[tile] == 255, 255, codes)
        np.testing.assert_array_equal(sample.gt_error.data[0], codes)
        assert (sample.tile_id, sample.row_off, sample.col_off) == (tile, 0, 16 * tile)


def test_geometric_transforms_move_all_maps_together(store, snapshot):
    """The image carries its own mask: band 0 is rewritten to the mask's values."""
    images = np.load(store / "images.npy", mmap_mode="r+")
    images[..., 0] = np.load(store / "masks.npy")
    images.flush()
    moves = [dict(type="RandomRot90"), dict(type="RandomFlip", prob=[0.4, 0.4],
             direction=["horizontal", "vertical"])]  # fmt: skip
    pipeline = [*PIPELINE[:2], *moves, PIPELINE[2]]
    dataset = TileDataset(store, pipeline, error_mask=snapshot)
    seen = set()
    for _ in range(12):
        packed = dataset[0]
        target = packed["data_samples"].gt_sem_seg.data[0]
        error = packed["data_samples"].gt_error.data[0]
        assert torch.equal(packed["inputs"][0].long(), target)
        assert torch.equal(error, (target == 1).long())
        seen.add(target.numpy().tobytes())
    assert len(seen) > 2


def test_photometric_changes_leave_the_maps_and_scale_with_the_units(store, tmp_path):
    pipeline = [PIPELINE[0], dict(type="TilePhotometric"), PIPELINE[2]]
    plain = TileDataset(store, [PIPELINE[0], PIPELINE[2]])[0]
    np.random.seed(1)  # noqa: NPY002
    changed = TileDataset(store, pipeline)[0]
    assert not torch.equal(changed["inputs"], plain["inputs"])
    assert torch.equal(
        changed["data_samples"].gt_sem_seg.data, plain["data_samples"].gt_sem_seg.data
    )
    # In other units, the same change.
    images = np.load(store / "images.npy")
    np.save(store / "images.npy", images.astype(np.float32) * 100)
    record = (store / "store.json").read_text()
    (store / "store.json").write_text(record.replace('"uint8"', '"float32"'))
    np.random.seed(1)  # noqa: NPY002
    scaled = TileDataset(store, pipeline)[0]
    torch.testing.assert_close(scaled["inputs"], changed["inputs"] * 100)


def test_workers_read_the_same_tiles(store, snapshot):
    dataset = TileDataset(store, PIPELINE, error_mask=snapshot)
    loader = DataLoader(dataset, num_workers=2, collate_fn=lambda batch: batch[0])
    for tile, packed in enumerate(loader):
        assert torch.equal(packed["inputs"], dataset[tile]["inputs"])


def test_a_subset(store):
    dataset = TileDataset(store, [PIPELINE[0], PIPELINE[2]], indices=[4, 1])
    assert len(dataset) == 2
    assert dataset[0]["data_samples"].tile_id == 4


def test_a_snapshot_of_another_store_is_refused(store, tmp_path):
    save_bank(ErrorBank(6, (16, 16), "0" * 64), tmp_path / "other.npz", valid_pixels=1)
    with pytest.raises(UserError, match="made on tile store 000000000000"):
        TileDataset(store, error_mask=tmp_path / "other.npz")


def test_an_error_mask_that_is_not_there_is_one_line(store):
    with pytest.raises(UserError, match="error_mask: is not set"):
        TileDataset(store, PIPELINE)[0]
