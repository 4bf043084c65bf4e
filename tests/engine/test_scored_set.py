"""Scores are called after the data that they are of."""

import pytest
from mmengine.config import Config

from mmext.engine.build_config import load_config
from mmext.engine.scored_set import name_scored_set, refuse_other_scores
from mmext.engine.train import train
from mmext.engine.work_dir import read_history
from mmext.errors import UserError

from .conftest import CONFIGS

TRUNK = CONFIGS / "stage1_trunk.py"
OTHER = {"val_dataloader.dataset.store": "elsewhere"}


def prefixes(options):
    config = load_config(TRUNK, options)
    return config.val_evaluator.prefix, config.test_evaluator.prefix


def test_epochs_are_scored_as_the_data_they_read():
    assert prefixes({}) == ("test", "test")
    assert prefixes(OTHER) == ("val", "test")
    # The same tiles, loaded another way.
    pipeline = "val_dataloader.dataset.pipeline"
    steps = [dict(type="LoadTile"), dict(type="PackTileInputs", meta_keys=["scene"])]
    assert prefixes({pipeline: steps}) == ("test", "test")
    # A part of them is another set.
    assert prefixes({"val_dataloader.dataset.indices": [0, 1]}) == ("val", "test")


def test_what_a_config_states_stays():
    assert prefixes(OTHER | {"val_evaluator.prefix": "test"}) == ("test", "test")


@pytest.mark.parametrize(
    "evaluator",
    [
        [dict(type="mmext.BinarySegMetric"), dict(type="DumpResults")],
        dict(type="Evaluator", metrics=dict(type="BinarySegMetric")),
    ],
)
def test_metrics_among_others(evaluator):
    config = Config(
        dict(
            val_dataloader=dict(dataset=dict(store="a")),
            test_dataloader=dict(dataset=dict(store="b")),
            val_evaluator=evaluator,
        )
    )
    name_scored_set(config)
    found = config.val_evaluator
    first = found[0] if isinstance(found, list) else found.metrics
    assert first.prefix == "val"
    if isinstance(found, list):
        assert "prefix" not in found[1]


def test_without_test_data_epochs_are_validated():
    config = Config(
        dict(
            val_dataloader=dict(dataset=dict(store="a")),
            val_evaluator=dict(type="BinarySegMetric"),
        )
    )
    name_scored_set(config)
    assert config.val_evaluator.prefix == "val"


@pytest.mark.parametrize(
    "key, value",
    [
        ("default_hooks.checkpoint.save_best", "test/target.iou"),
        ("default_hooks.checkpoint.save_best", ["val/loss", "test/target.iou"]),
        (
            "custom_hooks",
            [dict(type="EarlyStoppingHook", monitor="test/target.iou", patience=3)],
        ),
        (
            "param_scheduler",
            [dict(type="ReduceOnPlateauLR", monitor="test/target.iou", by_epoch=True)],
        ),
    ],
)
def test_a_score_of_the_other_set_is_refused(key, value):
    options = {"default_hooks.checkpoint.rule": "greater", key: value}
    if "val" not in str(value):
        refuse_other_scores(load_config(TRUNK, options))
    config = load_config(TRUNK, options | OTHER)
    with pytest.raises(UserError, match=r"is 'test/target.iou', but epochs .*'val/"):
        refuse_other_scores(config)


def test_a_score_that_no_epoch_has_is_refused(tmp_path, tiny_options):
    options = tiny_options(
        **{
            "default_hooks.checkpoint.save_best": "test/target.uoi",
            "default_hooks.checkpoint.rule": "greater",
        }
    )
    with pytest.raises(
        UserError, match=r"'test/target.uoi', expected .*test/target.iou"
    ):
        train(TRUNK, tmp_path / "run", options)


def test_validation_data_are_called_so_in_the_history(
    tmp_path, tiny_options, make_store
):
    validation = make_store(tmp_path / "val_store", tiles=3, positive=1)
    options = tiny_options(**{"val_dataloader.dataset.store": str(validation)})
    train(TRUNK, tmp_path / "run", options)
    lines = read_history(tmp_path / "run")
    assert lines and all("val" in line and "test" not in line for line in lines)
