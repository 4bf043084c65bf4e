"""Trainings that end otherwise than planned, and what they leave."""

import json

import pytest
import torch
from mmengine.hooks import Hook

from mmext.engine.train import train
from mmext.engine.work_dir import read_history, read_run_record
from mmext.errors import UserError
from mmext.inference.checkpoint import read_checkpoint
from mmext.registry import HOOKS
from mmext.structures import load_bank

from ..checkpoint_weights import weights
from .conftest import CONFIGS

TRUNK = CONFIGS / "stage1_trunk.py"
CASE = CONFIGS / "stage2_A100-200.py"
EARLY = {
    # No epoch can gain so many pixels, so that the second is the last.
    "default_hooks.stop": dict(
        type="EarlyStoppingHook",
        monitor="test/target.tn",
        rule="greater",
        min_delta=1e9,
        patience=1,
    ),
    "default_hooks.error_accumulation.begin": 1,
    "default_hooks.checkpoint.interval": 200,
}


def test_a_loss_that_is_nan_stops_the_training(tmp_path, tiny_options):
    work_dir = tmp_path / "w"
    options = tiny_options(**{"optim_wrapper.optimizer.lr": 1e30})
    with pytest.raises(UserError) as caught:
        train(TRUNK, work_dir, options)
    message = str(caught.value)
    assert "\n" not in message
    for part in (
        "training stopped at epoch 1, iteration ",
        " of 3, learning rate 1e+30: ",
        "there is no checkpoint yet",
        "tile ",
        "scene scene row 0 col ",
    ):
        assert part in message
    record = read_run_record(work_dir)
    assert (record["state"], record["trained_epochs"]) == ("failed", 0)
    assert record["reason"] == message
    assert not list(work_dir.glob("*.npz"))


@HOOKS.register_module(force=True)
class PlantHook(Hook):
    """Makes a pixel of the third epoch's second batch infinite."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if (runner.epoch, batch_idx) == (2, 1):
            data_batch["inputs"] = data_batch["inputs"].float()
            data_batch["inputs"][0, 0, 3, 3] = torch.inf


def test_the_last_good_checkpoint_is_gone_on_from(tmp_path, tiny_options):
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    train(TRUNK, straight, tiny_options())
    plant = {"default_hooks.plant": dict(type="PlantHook")}
    with pytest.raises(UserError) as caught:
        train(TRUNK, broken, tiny_options(**plant))
    message = str(caught.value)
    assert "at epoch 3, iteration 2 of 3, learning rate 0.001: " in message
    assert f"{broken / 'epoch_2.pth'} is from before" in message
    assert "with NaN or infinity in the image, among tile " in message
    assert not (broken / "epoch_3.pth").exists()
    record = read_run_record(broken)
    assert (record["state"], record["trained_epochs"]) == ("failed", 2)
    train(TRUNK, broken, tiny_options(), resume=True)
    assert torch.equal(
        weights(broken / "epoch_4.pth"), weights(straight / "epoch_4.pth")
    )
    record = read_run_record(broken)
    assert (record["state"], record["reason"]) == ("finished", None)
    assert [line["epoch"] for line in read_history(broken)] == [1, 2, 3, 4]


def test_early_stopping_leaves_a_bank_and_says_what_was_trained(
    tmp_path, tiny_options, capsys
):
    work_dir = tmp_path / TRUNK.stem
    options = tiny_options(**EARLY)
    train(TRUNK, work_dir, options)
    record = read_run_record(work_dir)
    assert record["state"] == "stopped early"
    assert (record["epochs"], record["trained_epochs"]) == (4, 2)
    assert len(read_history(work_dir)) == 2
    bank = load_bank(work_dir / "error_bank_epoch_2.npz")
    assert (bank.meta["begin"], bank.meta["epoch"], bank.passes) == (1, 2, 3)
    checkpoint = read_checkpoint(work_dir / "epoch_2.pth")
    assert checkpoint["meta"]["epoch"] == 2
    before = (work_dir / "epoch_2.pth").read_bytes()
    # It has ended: a resume leaves it alone, unless more epochs are asked for.
    train(TRUNK, work_dir, options, resume=True)
    assert (work_dir / "epoch_2.pth").read_bytes() == before
    assert read_run_record(work_dir)["state"] == "stopped early"
    # What grows from an epoch that never came is refused, in one line.
    with pytest.raises(UserError, match="stage1_trunk has ended without it"):
        train(CASE, tmp_path / CASE.stem, tiny_options(), with_parents=True)


def test_early_stopping_is_not_repeated_without_its_hook(tmp_path, tiny_options):
    work_dir = tmp_path / "w"
    train(TRUNK, work_dir, tiny_options(**EARLY))
    more = tiny_options(**{"train_cfg.max_epochs": 250})
    more["default_hooks.error_accumulation.begin"] = 1
    train(TRUNK, work_dir, more, resume=True)
    record = read_run_record(work_dir)
    assert (record["state"], record["trained_epochs"]) == ("finished", 5)
    bank = load_bank(work_dir / "error_bank_epoch_5.npz")
    assert bank.passes == 12  # three in each epoch from the second on


def test_a_begin_that_never_comes_is_said(tmp_path, tiny_options):
    options = tiny_options(**{"default_hooks.error_accumulation.begin": 300})
    train(TRUNK, tmp_path / "late", options)
    rule = dict(_delete_=True, train_iou=1.0)
    options = tiny_options(**{"default_hooks.error_accumulation.begin": rule})
    train(TRUNK, tmp_path / "never", options)
    for name, part in (("late", "begin is 6"), ("never", "a training IoU of 1")):
        [warning] = [
            warning
            for warning in read_run_record(tmp_path / name)["warnings"]
            if warning["kind"] == "never-begun"
        ]
        assert part in warning["message"]


def test_the_premise_is_watched_and_said_once(tmp_path, tiny_options):
    work_dir = tmp_path / "w"
    train(TRUNK, work_dir, tiny_options(**{"train_cfg.max_epochs": 150}))  # 3 epochs
    first = read_run_record(work_dir)["warnings"]
    kinds = [warning["kind"] for warning in first]
    # Nothing is learnt in three epochs: what is accumulated is not what is hard.
    assert "fit" in kinds and "cfdr-high" in kinds
    train(TRUNK, work_dir, tiny_options(), resume=True)
    assert read_run_record(work_dir)["warnings"][: len(first)] == first
    kinds = [warning["kind"] for warning in read_run_record(work_dir)["warnings"]]
    assert len(kinds) == len(set(kinds))


@pytest.mark.parametrize("damage", ["torn", "binary", "gone", "foreign"])
def test_a_damaged_history_is_restored_from_the_checkpoint(
    tmp_path, tiny_options, damage
):
    straight, work_dir = tmp_path / "straight", tmp_path / "w"
    train(TRUNK, straight, tiny_options())
    train(TRUNK, work_dir, tiny_options(**{"train_cfg.max_epochs": 150}))  # 3 epochs
    path = work_dir / "history.jsonl"
    text = path.read_bytes()
    path.write_bytes(
        {
            "torn": text[:-200],
            "binary": b"\xff\xfe\x00" * 50,
            "gone": b"",
            "foreign": b'{"epoch": "one"}\n[]\n',
        }[damage]
    )
    (work_dir / "run.json").write_text('{"config": ')
    train(TRUNK, work_dir, tiny_options(), resume=True)

    def without_times(run):
        lines = [json.loads(line) for line in (run / path.name).open()]
        for line in lines:
            del line["seconds"]
        return lines

    assert without_times(work_dir) == without_times(straight)
    assert read_run_record(work_dir)["state"] == "finished"
    kept = work_dir / "history.jsonl.damaged"
    assert kept.exists() == (damage != "gone")


def test_a_hooks_option_goes_to_the_configs_that_have_the_hook(
    tmp_path, tiny_options, capsys
):
    options = tiny_options(
        **{
            "default_hooks.error_accumulation.counts": True,
            "default_hooks.training_set_metric.interval": 4,
        }
    )
    train(CASE, tmp_path / CASE.stem, options, with_parents=True)
    said = "has no hook error_accumulation, so --cfg-options"
    assert capsys.readouterr().out.count(said) == 1
    bank = load_bank(tmp_path / "stage1_trunk" / "error_bank_epoch_4.npz")
    assert bank.has_counts
    scored = ["train" in line for line in read_history(tmp_path / CASE.stem)]
    assert scored == [False, False, False, True] * 2
    scored = ["train" in line for line in read_history(tmp_path / "stage1_trunk")]
    assert all(scored)


def test_an_option_for_a_hook_that_nobody_has_is_refused(tmp_path, tiny_options):
    options = tiny_options(**{"default_hooks.error_acumulation.counts": True})
    with pytest.raises(UserError, match="error_acumulation: has no type"):
        train(CASE, tmp_path / CASE.stem, options, with_parents=True)
    assert list(tmp_path.glob("stage*")) == []


def test_counts_that_the_parent_lacks_are_one_line(tmp_path, tiny_options):
    train(TRUNK, tmp_path / TRUNK.stem, tiny_options())
    options = tiny_options(**{"default_hooks.error_accumulation.counts": True})
    with pytest.raises(UserError, match="has no counts, expected them") as caught:
        train(CONFIGS / "stage1_A.py", tmp_path / "stage1_A", options)
    assert "\n" not in str(caught.value)


@HOOKS.register_module(force=True)
class PowerCutHook(Hook):
    """Dies after an epoch's checkpoint, before its validation."""

    priority = "LOWEST"

    def after_train_epoch(self, runner):
        if runner.epoch == 2:
            raise KeyboardInterrupt


def test_patience_survives_a_kill(tmp_path, tiny_options):
    stop = {**EARLY, "default_hooks.checkpoint.interval": 50}
    stop["default_hooks.stop"] = {**EARLY["default_hooks.stop"], "patience": 3}
    options = tiny_options(**stop, **{"train_cfg.max_epochs": 400})
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    train(TRUNK, straight, options)
    # The first epoch sets the mark, three more don't gain 10^9.
    assert read_run_record(straight)["trained_epochs"] == 4
    cut = {"default_hooks.cut": dict(type="PowerCutHook")}
    with pytest.raises(KeyboardInterrupt):
        train(TRUNK, killed, {**options, **cut})
    assert read_run_record(killed)["state"] == "running"
    train(TRUNK, killed, options, resume=True)
    record = read_run_record(killed)
    assert (record["state"], record["trained_epochs"]) == ("stopped early", 4)
    assert torch.equal(
        weights(killed / "epoch_4.pth"), weights(straight / "epoch_4.pth")
    )


def test_a_monitor_that_nobody_measures_is_one_line(tmp_path, tiny_options):
    hook = dict(type="EarlyStoppingHook", monitor="test/iou", rule="greater")
    with pytest.raises(UserError, match=r"monitor: is 'test/iou', expected one of te"):
        train(
            TRUNK,
            tmp_path / "w",
            tiny_options(**{"default_hooks.stop": hook | {"strict": True}}),
        )
