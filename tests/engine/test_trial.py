import random

import numpy as np
import pytest
import torch

from mmext.engine.train import train
from mmext.engine.trial import try_model
from mmext.errors import UserError

CONFIG = "stage1_trunk.py"


def refused(tiny_options, work_dir, **changes):
    from .conftest import CONFIGS

    with pytest.raises(UserError) as caught:
        train(CONFIGS / CONFIG, work_dir, tiny_options(**changes))
    return str(caught.value)


def test_a_head_that_does_not_fit_is_refused_before_anything_is_written(
    tiny_options, tmp_path
):
    changes = {
        f"model.decode_head.head.{key}": 7 for key in ("in_channels", "channels")
    }
    line = refused(tiny_options, tmp_path / "run", **changes)
    assert line.startswith("train_dataloader: the model can't take its first sample")
    assert not (tmp_path / "run").exists()


def test_a_validation_store_that_does_not_fit_is_refused_before_the_first_epoch(
    tiny_options, tmp_path, make_store
):
    other = str(make_store(tmp_path / "other", bands=4))
    changes = {"val_dataloader.dataset.store": other}
    line = refused(tiny_options, tmp_path / "run", **changes)
    assert line.startswith("val_dataloader: ") and "4 bands" in line
    assert not (tmp_path / "run").exists()


class Loader:
    def __init__(self, sample):
        self.dataset = [sample]


class Model(torch.nn.Module):
    """Counts what it is asked, drawing random numbers as it goes."""

    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(2)
        self.asked = []

    def data_preprocessor(self, batch, training):
        return batch

    def forward(self, inputs, data_samples, mode):
        self.asked.append((mode, torch.is_grad_enabled(), self.training))
        random.random(), np.random.rand(), torch.rand(1)  # noqa: NPY002
        self.norm(torch.stack(inputs))

    def val_step(self, batch):
        self.asked.append(("val", torch.is_grad_enabled(), self.training))


class Runner:
    def __init__(self, validates=True):
        self.model = Model()
        self.train_dataloader = Loader({"inputs": torch.ones(2)})
        self.val_dataloader = self.train_dataloader
        self.val_loop = object() if validates else None


@pytest.mark.parametrize("validates", [True, False])
def test_the_model_and_the_random_numbers_are_as_before(validates):
    runner = Runner(validates)
    before = {name: x.clone() for name, x in runner.model.state_dict().items()}
    torch.manual_seed(1), random.seed(1), np.random.seed(1)  # noqa: NPY002
    expected = torch.rand(1), random.random(), np.random.rand()  # noqa: NPY002
    torch.manual_seed(1), random.seed(1), np.random.seed(1)  # noqa: NPY002
    try_model(runner)
    assert (torch.rand(1), random.random(), np.random.rand()) == expected  # noqa: NPY002
    for name, value in runner.model.state_dict().items():
        assert torch.equal(value, before[name])
    assert runner.model.training
    modes = [("loss", False, False), ("val", False, False)]
    assert runner.model.asked == modes[: 1 + validates]
