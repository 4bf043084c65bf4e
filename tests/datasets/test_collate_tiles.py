"""A batch that is read as one holds what the same tiles hold one by one."""

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.structures import BaseDataElement
from torch.utils.data import DataLoader, Subset

from mmext.datasets import TileDataset, TileStore
from mmext.datasets.collate_tiles import collate_tiles
from mmext.errors import UserError
from mmext.models import BandNormalizer
from mmext.models.decode_heads.channel_targets import target_maps
from mmext.structures import ErrorBank, TileSamples, save_bank

LOADING = [
    dict(type="LoadTile"),
    dict(type="LoadErrorMask"),
    dict(type="LoadErrorFrequency"),
]
PACKING = dict(type="PackTileInputs")
TURN = dict(type="RandomRot90")
MAPS = ("gt_sem_seg", "gt_error", "gt_error_frequency")


@pytest.fixture(params=["uint8", "uint16", "float32"])
def dataset(request, tmp_path, make_store):
    path = make_store(tmp_path / "store", tiles=7, bands=4, dtype=request.param)
    store = TileStore(path)
    bank = ErrorBank(7, (16, 16), store.fingerprint, counts=True)
    rng = np.random.default_rng(0)
    for epoch in (1, 2):
        predicted = rng.random((7, 16, 16)) < 0.4
        bank.update(np.arange(7), predicted, np.asarray(store.masks), epoch)
        bank.passes += 1
    save_bank(bank, tmp_path / "bank.npz", valid_pixels=1)
    return TileDataset(
        path,
        [*LOADING, PACKING],
        error_mask=tmp_path / "bank.npz",
        indices=[6, 0, 3, 2, 5],
    )


def loaded(dataset, collate=collate_tiles, workers=0):
    loader = DataLoader(dataset, 2, collate_fn=collate, num_workers=workers)
    return list(loader)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_batch_is_its_samples(dataset, workers):
    batches = loaded(dataset, workers=workers)
    assert [len(batch["data_samples"]) for batch in batches] == [2, 2, 1]
    singles = iter(range(len(dataset)))
    for batch in batches:
        images, samples = batch["inputs"], batch["data_samples"]
        assert images.numpy().dtype == dataset.store.images.dtype
        # The store's own layout: nothing was transposed on the way.
        assert images.permute(0, 2, 3, 1).is_contiguous()
        for image, sample in zip(images, samples, strict=True):
            alone = dataset[next(singles)]
            assert torch.equal(image.float(), alone["inputs"])
            expected = alone["data_samples"]
            assert dict(sample.metainfo_items()) == dict(expected.metainfo_items())
            assert set(sample.keys()) == set(MAPS) == set(expected.keys())
            for name in MAPS:
                found, wanted = sample.get(name).data, expected.get(name).data
                assert found.dtype == wanted.dtype
                assert torch.equal(found, wanted)


def test_nothing_travels_but_what_is_stored(dataset):
    dataset.pipeline.transforms = [
        step for step in dataset.pipeline.transforms if "Error" not in str(type(step))
    ]
    store = dataset.store
    one = store.images[0].nbytes + store.masks[0].nbytes
    for batch in loaded(dataset):
        tensors = [batch["inputs"], *batch["data_samples"].values()]
        size = sum(tensor.nbytes for tensor in tensors)
        assert size == one * len(batch["inputs"])


def test_losses_targets_and_inputs_are_those_of_the_samples(dataset):
    normalise = BandNormalizer([90.0, 80.0, 70.0, 60.0], [30.0, 31.0, 32.0, 33.0])
    for batch, samples in zip(
        loaded(dataset), loaded(dataset, pseudo_collate), strict=True
    ):
        ours, plain = normalise(batch), normalise(samples)
        assert torch.equal(ours["inputs"], plain["inputs"])
        maps, wanted = (target_maps(data["data_samples"]) for data in (ours, plain))
        assert set(maps) == set(wanted) == set(MAPS)
        for name in MAPS:
            assert torch.equal(maps[name], wanted[name].to(maps[name].dtype))


def test_any_collate_function_gets_samples(dataset):
    assert isinstance(loaded(dataset)[0]["data_samples"], TileSamples)
    for collate in (pseudo_collate, list):
        batch = loaded(dataset, collate)[0]
        first = batch[0] if collate is list else {k: v[0] for k, v in batch.items()}
        assert torch.equal(first["inputs"], dataset[0]["inputs"])


def test_samples_are_drawn_once_whatever_collates_them(tmp_path, make_store):
    """pseudo_collate looks at each sample once a key: image and map still fit."""
    path = make_store(tmp_path / "store", positive=6)
    images = np.load(path / "images.npy", mmap_mode="r+")
    images[..., 0] = np.load(path / "masks.npy")
    images.flush()
    dataset = TileDataset(path, [LOADING[0], TURN, PACKING])
    for _ in range(5):
        for batch in loaded(dataset, pseudo_collate):
            for image, sample in zip(*batch.values(), strict=True):
                assert torch.equal(image[0].long(), sample.gt_sem_seg.data[0])


@pytest.mark.parametrize(
    "steps",
    [
        [dict(type="mmseg.RandomFlip", prob=0.5), PACKING],
        [dict(type="RandomFlip", prob=0.5, swap_seg_labels=[(0, 1)]), PACKING],
        [TURN, dict(type="LoadErrorMask"), PACKING],
        [PACKING, TURN],
        [],
    ],
)
def test_other_pipelines_go_sample_by_sample(tmp_path, make_store, steps):
    dataset = TileDataset(make_store(tmp_path / "store"), [LOADING[0], *steps])
    assert not dataset.reads_batches
    assert isinstance(dataset.__getitems__([]), list)


def test_a_subset_reads_batches_too(dataset):
    batch = loaded(Subset(dataset, [3, 1]))[0]
    assert [sample.tile_id for sample in batch["data_samples"]] == [2, 0]


def test_a_data_set_without_batches_is_collated():
    assert collate_tiles([dict(a=1), dict(a=2)]) == dict(a=[1, 2])


def test_what_samples_are_given_stays(dataset):
    samples = loaded(dataset)[0]["data_samples"]
    samples[1].set_metainfo(dict(seen=True))
    assert [sample.get("seen") for sample in samples] == [None, True]
    moved = samples.to("cpu")
    assert isinstance(moved, BaseDataElement)
    assert torch.equal(moved.gt_error, samples.gt_error)


def test_changes_that_nobody_made_are_refused(tmp_path, make_store):
    """Another data preprocessor would train on images that don't fit the pipeline."""
    dataset = TileDataset(make_store(tmp_path / "s"), [LOADING[0], TURN, PACKING])
    batch = loaded(dataset)[0]
    for use in (target_maps, list):
        with pytest.raises(UserError, match="leaves RandomRot90 to the model's data_p"):
            use(batch["data_samples"])
    places = [sample.tile_id for sample in batch["data_samples"].without_maps()]
    assert places == [0, 1]
