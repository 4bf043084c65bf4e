"""torchgeo's data sets, by a stand-in: the real one pulls in torchvision."""

import sys
from types import ModuleType

import numpy as np
import pytest
import torch

from mmext.datasets.sample_store import open_store
from mmext.errors import UserError
from mmext.registry import DATASETS


class GeoDataset:
    """Samples are asked for by place."""


class NonGeoDataset:
    """Samples are counted, as in torchgeo.datasets.geo."""


class Squares(NonGeoDataset):
    """As torchgeo.datasets.LoveDA: floats, labels 0 to 7, the test without."""

    def __init__(self, root="data", split="train", scene=("urban", "rural")):
        assert split in ("train", "val", "test")
        if root != "there":
            raise RuntimeError(f"Dataset not found in\n  `root={root!r}`")
        self.split, self.scene = split, scene

    def __len__(self):
        return 2 * len(self.scene)

    def __getitem__(self, index):
        rng = np.random.default_rng(index)
        image = rng.integers(0, 256, (3, 8, 8)).astype(np.float32)
        sample = {"image": torch.from_numpy(image)}
        if self.split != "test":
            sample["mask"] = torch.from_numpy(rng.integers(0, 8, (8, 8)))
        return sample


class Reflectance(Squares):
    """Values that no whole number is, and masks of one channel."""

    def __getitem__(self, index):
        sample = super().__getitem__(index)
        return {"image": sample["image"] / 10_000, "mask": sample["mask"][None]}


class Series(Squares):
    """Several images a sample."""

    def __getitem__(self, index):
        sample = super().__getitem__(index)
        return {**sample, "image": sample["image"][None]}


@pytest.fixture
def torchgeo(monkeypatch):
    package, datasets = ModuleType("torchgeo"), ModuleType("torchgeo.datasets")
    for kind in (GeoDataset, NonGeoDataset, Squares, Reflectance, Series):
        setattr(datasets, kind.__name__, kind)
    package.datasets = datasets
    monkeypatch.setitem(sys.modules, "torchgeo", package)
    monkeypatch.setitem(sys.modules, "torchgeo.datasets", datasets)


def settings_of(name="Squares", **changes):
    return dict(type="TorchGeoDataset", name=name, root="there", **changes)


@pytest.mark.usefixtures("torchgeo")
def test_samples_become_tiles():
    dataset = settings_of(split="val", options=dict(scene=["urban"]))
    store = open_store(dict(dataset=dataset, target=[2], ignored=[0]))
    assert store.images.shape == (2, 8, 8, 3) and store.images.dtype == np.uint8
    assert str(store.path) == "there/val"
    for index in range(2):
        sample = Squares("there")[index]
        image, labels = sample["image"].numpy(), sample["mask"].numpy()
        np.testing.assert_array_equal(store.images[index].transpose(2, 0, 1), image)
        expected = np.select([labels == 0, labels == 2], [255, 1], 0)
        np.testing.assert_array_equal(store.masks[index], expected)


@pytest.mark.usefixtures("torchgeo")
def test_floats_and_masks_of_one_channel():
    found = DATASETS.build(settings_of("Reflectance", dtype="float32"))[0]
    assert found["img"].dtype == np.float32 and found["gt_seg_map"].shape == (8, 8)
    with pytest.raises(UserError, match="dtype: is uint8, and sample 0 of Reflectance"):
        DATASETS.build(settings_of("Reflectance"))[0]


@pytest.mark.usefixtures("torchgeo")
def test_what_is_no_use_is_refused():
    for changes, expected in (
        (dict(name="GeoDataset"), "GeoDataset is cut by place, expected a NonGeo"),
        (dict(name="sys"), "sys is none of torchgeo's"),
        (
            dict(root="here"),
            "can't be opened with .*Dataset not found in `root",
        ),
        (dict(split="all"), "can't be opened"),
        (dict(options=dict(sceen=1)), "unexpected keyword argument 'sceen'"),
    ):
        with pytest.raises(UserError, match=expected):
            DATASETS.build({**settings_of(), **changes})
    with pytest.raises(UserError, match="sample 0 has no mask, it has image"):
        DATASETS.build(settings_of(split="test"))[0]
    with pytest.raises(UserError, match=r"image of shape \(1, 3, 8, 8\)"):
        DATASETS.build(settings_of("Series"))[0]


def test_without_torchgeo_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchgeo", None)
    with pytest.raises(UserError, match=r"pip install 'mmext\[torchgeo\]'"):
        DATASETS.build(settings_of())
