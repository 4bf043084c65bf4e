"""The pass that scores the training set."""

import logging
from types import SimpleNamespace

import pytest

from mmext.datasets.tile_dataset import TileDataset
from mmext.engine.hooks import TrainingSetMetricHook
from tests.inference.models import build_model


@pytest.mark.parametrize("fold", [True, False])
def test_that_nothing_could_be_folded_is_said_once(
    tmp_path, make_store, monkeypatch, caplog, fold
):
    monkeypatch.setattr("mmext.inference.error_pass.folded_copy", lambda *_: None)
    dataset = TileDataset(make_store(tmp_path / "store"))
    runner = SimpleNamespace(
        model=build_model(),
        optim_wrapper=None,
        train_dataloader=SimpleNamespace(dataset=dataset, batch_size=2),
        logger=logging.getLogger("said"),
        message_hub=SimpleNamespace(update_info=lambda *_, **__: None),
        epoch=0,
        max_epochs=2,
    )
    hook = TrainingSetMetricHook(fold=fold)
    hook.before_train(runner)
    for _ in range(2):
        hook.after_train_epoch(runner)
    said = [line for line in caplog.messages if "can't be folded" in line]
    assert len(said) == fold
