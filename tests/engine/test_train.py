"""Training as a user does it, at the smallest size: lineage, resume, refusals."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.device import utils
from mmengine.hooks import Hook

from mmext.engine.scoring import test_checkpoint as score_checkpoint
from mmext.engine.train import train
from mmext.engine.work_dir import latest_checkpoint, read_run_record
from mmext.errors import UserError
from mmext.inference.checkpoint import load_model
from mmext.inference.device import running_on
from mmext.registry import HOOKS
from mmext.structures import ErrorBank, load_bank

from ..checkpoint_weights import weights
from .conftest import CONFIGS

TRUNK = CONFIGS / "stage1_trunk.py"
CASE = CONFIGS / "stage2_A100-200.py"


class Killed(Exception):
    pass


@HOOKS.register_module(force=True)
class KillHook(Hook):
    """Dies in the middle of an epoch, as a power cut would."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.epoch == self.epoch and batch_idx == 1:
            raise Killed


def history(work_dir):
    lines = (work_dir / "history.jsonl").read_text().splitlines()
    lines = [json.loads(line) for line in lines]
    for line in lines:
        line.pop("seconds")
    return lines


@pytest.fixture(scope="module")
def shared_parents(tmp_path_factory):
    """Where the configs of one folder find parents that another test trained."""
    return tmp_path_factory.mktemp("parents")


pytestmark = pytest.mark.usefixtures("quiet")


def test_both_stages_with_parents(tmp_path, tiny_options, monkeypatch):
    loads = []
    take_over = ErrorBank.take_over

    def counted(bank, arrays, where):
        loads.append(Path(where).name)
        take_over(bank, arrays, where)

    monkeypatch.setattr(ErrorBank, "take_over", counted)
    train(CASE, tmp_path / CASE.stem, tiny_options(), with_parents=True)
    trunk, case = tmp_path / "stage1_trunk", tmp_path / CASE.stem
    # A bank of a hundred megabytes is read once.
    assert loads == ["error_bank_epoch_4.npz"]
    bank = load_bank(trunk / "error_bank_epoch_4.npz")
    # Epochs 3 and 4, three passes each.
    assert (bank.meta["begin"], bank.meta["epoch"], bank.passes) == (2, 4, 6)
    first, second = history(trunk), history(case)
    assert [line["epoch"] for line in first] == [1, 2, 3, 4]
    assert ["cfdr" in line for line in first] == [False, False, True, True]
    assert first[-1]["cfdr"]["total"] == bank.meta["cfdr"]
    assert first[3]["cfdr"]["total"] >= first[2]["cfdr"]["total"]
    assert set(first[0]["test"]) == {"target", "loss", "objects"}
    assert set(second[-1]["test"]) >= {"target", "error", "union"}
    assert set(second[-1]["train"]) == {"target", "error", "union"}
    assert second[-1]["loss"]["decode.loss_error"] > 0
    record = json.loads((case / "run.json").read_text())
    assert record["state"] == "finished"
    assert record["lineage"] == dict(parent="stage1_trunk", epoch=4, use="bank")
    loaded = load_model(latest_checkpoint(case))
    assert loaded.store["bands"] == ["band_1", "band_2", "band_3"]
    assert loaded.model.channels == ("target", "error")
    # The training scores are those of the final weights, counted anew.
    assert loaded.epoch == 8


@pytest.mark.parametrize(
    "path",
    # Those for depth have other data (test_train_depth.py), variants other networks
    # (tests/test_variants.py), data sets other stores (tests/test_dataset_configs.py),
    # pre-trainings no labels (test_pretraining.py); arms share their parents
    # (tests/integration/test_arms.py), and studies are no configs of one training.
    sorted(
        path
        for path in CONFIGS.rglob("*.py")
        if not {"_base_", "datasets", "depth", "pretraining", "studies", "variants"}
        & {*path.parts}
    ),
    ids=lambda path: str(path.relative_to(CONFIGS)),
)
def test_every_shipped_config_trains(path, tmp_path, tiny_options, shared_parents):
    work_dir = shared_parents / path.parent.name / path.stem
    train(path, work_dir, tiny_options(), resume=True, with_parents=True)
    lines = history(work_dir)
    assert np.isfinite(lines[-1]["loss"]["sum"])
    assert (
        lines[-1]["epoch"] == json.loads((work_dir / "run.json").read_text())["epochs"]
    )


@HOOKS.register_module(force=True)
class PresentCheckpointsHook(Hook):
    """Notes which checkpoints there are while another one is written."""

    seen: list[list[str]] = []  # noqa: RUF012 - read by the test

    def before_save_checkpoint(self, runner, checkpoint):
        found = Path(runner.work_dir).glob("epoch_*.pth")
        self.seen.append(sorted(path.name for path in found))


def test_the_only_checkpoint_stays_until_the_next_is_whole(tmp_path, tiny_options):
    PresentCheckpointsHook.seen.clear()
    options = {
        "default_hooks.checkpoint.max_keep_ckpts": 1,
        "default_hooks.checkpoint.interval": 1,
        "default_hooks.present": dict(type="PresentCheckpointsHook"),
    }
    train(TRUNK, tmp_path / "run", tiny_options(**options))
    assert PresentCheckpointsHook.seen == [
        [],
        ["epoch_1.pth"],
        ["epoch_2.pth"],
        ["epoch_3.pth"],
    ]
    assert [p.name for p in (tmp_path / "run").glob("epoch_*.pth")] == ["epoch_4.pth"]


def test_a_killed_run_resumes_to_the_same_result(tmp_path, tiny_options):
    options = tiny_options(
        **{"default_hooks.error_accumulation.counts": True},
        **{"default_hooks.checkpoint.max_keep_ckpts": -1},
    )
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    train(TRUNK, straight, options)
    kill = {"default_hooks.kill": dict(type="KillHook", epoch=3)}
    with pytest.raises(Killed):
        train(TRUNK, killed, {**options, **kill})
    assert latest_checkpoint(killed).name == "epoch_3.pth"
    train(TRUNK, killed, options, resume=True)
    assert torch.equal(
        weights(straight / "epoch_4.pth"), weights(killed / "epoch_4.pth")
    )
    assert history(straight) == history(killed)
    one, other = (
        load_bank(path / "error_bank_epoch_4.npz") for path in (straight, killed)
    )
    for tile in range(len(one)):
        np.testing.assert_array_equal(one.codes(tile), other.codes(tile))
        for key, values in one.counts(tile).items():
            np.testing.assert_array_equal(values, other.counts(tile)[key])


def test_errors_of_training_steps_resume_to_the_same_bank(tmp_path, tiny_options):
    options = tiny_options(
        **{
            "default_hooks.error_accumulation.source": "training",
            "default_hooks.error_accumulation.counts": True,
            "default_hooks.checkpoint.interval": 1,
        }
    )
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    train(TRUNK, straight, options)
    kill = {"default_hooks.kill": dict(type="KillHook", epoch=3)}
    with pytest.raises(Killed):
        train(TRUNK, killed, {**options, **kill})
    train(TRUNK, killed, options, resume=True)
    assert history(straight) == history(killed)
    # Two epochs, an epoch is a pass; no pass gives training scores then.
    one, other = (
        load_bank(path / "error_bank_epoch_4.npz") for path in (straight, killed)
    )
    assert one.passes == other.passes == 2 and sum(one.wrong_pixels()) > 0
    assert ["train" in line for line in history(straight)] == [True, True, False, False]
    for tile in range(len(one)):
        np.testing.assert_array_equal(one.codes(tile), other.codes(tile))
        for key, values in one.counts(tile).items():
            np.testing.assert_array_equal(values, other.counts(tile)[key])
    # The bank changes nothing in the training.
    off = {"default_hooks.error_accumulation": None}
    train(TRUNK, tmp_path / "alone", tiny_options(**off))
    assert torch.equal(
        weights(straight / "epoch_4.pth"), weights(tmp_path / "alone" / "epoch_4.pth")
    )


def test_passes_every_other_epoch(tmp_path, tiny_options):
    rule = {
        "default_hooks.error_accumulation.begin": 0,
        "default_hooks.error_accumulation.pass_interval": 3,
        "default_hooks.error_accumulation.counts": True,
    }
    train(TRUNK, tmp_path / "w", tiny_options(**rule))
    bank = load_bank(tmp_path / "w" / "error_bank_epoch_4.npz")
    assert bank.passes == 3
    last = np.stack([bank.counts(tile)["last_epoch"] for tile in range(len(bank))])
    assert set(last.flat) == {0, 3}
    lines = history(tmp_path / "w")
    assert ["cfdr" in line for line in lines] == [False, False, True, True]
    assert all("train" in line for line in lines)
    rule["default_hooks.error_accumulation.pass_interval"] = 5
    train(TRUNK, tmp_path / "never", tiny_options(**rule))
    assert not list((tmp_path / "never").glob("error_bank*"))
    said = read_run_record(tmp_path / "never")["warnings"]
    assert [warning["kind"] for warning in said] == ["never-begun"]
    assert "every 5 epochs" in said[0]["message"]


def test_passes_below_a_training_iou_are_left_out(tmp_path, tiny_options):
    hook = "default_hooks.error_accumulation"
    rule = {f"{hook}.begin": 0, f"{hook}.passes_per_epoch": 1, f"{hook}.counts": True}
    train(TRUNK, tmp_path / "all", tiny_options(**rule))
    ious = [line["train"]["target"]["iou"] for line in history(tmp_path / "all")]
    best = int(np.argmax(ious)) + 1
    train(
        TRUNK,
        tmp_path / "best",
        tiny_options(**rule, **{f"{hook}.min_train_iou": max(ious)}),
    )
    bank = load_bank(tmp_path / "best" / "error_bank_epoch_4.npz")
    assert bank.passes == ious.count(max(ious)) == 1
    # What begins before that epoch and is written after it has no other's errors.
    # Stated in the paper's epochs, 50 for one of these.
    alone = {f"{hook}.begin": 50 * (best - 1), f"{hook}.snapshots": [50 * best]}
    train(TRUNK, tmp_path / "alone", tiny_options(**rule | alone))
    one = load_bank(tmp_path / "alone" / f"error_bank_epoch_{best}.npz")
    for tile in range(len(bank)):
        np.testing.assert_array_equal(bank.fn(tile), one.fn(tile))
        np.testing.assert_array_equal(bank.fp(tile), one.fp(tile))
    train(
        TRUNK, tmp_path / "none", tiny_options(**rule, **{f"{hook}.min_train_iou": 1.0})
    )
    assert not list((tmp_path / "none").glob("error_bank*"))
    [warning] = read_run_record(tmp_path / "none")["warnings"]
    assert "no pass had ErrorAccumulationHook.min_train_iou" in warning["message"]
    for key, value in (("held_out", True), ("source", "training")):
        wrong = {f"{hook}.{key}": value, f"{hook}.min_train_iou": 0.9}
        with pytest.raises(UserError, match="measures no training IoU"):
            train(TRUNK, tmp_path / "w", tiny_options(**wrong))


def test_held_out_tiles_are_in_no_training_step(tmp_path, tiny_options):
    hook = "default_hooks.error_accumulation"
    wrong = {f"{hook}.held_out": True, f"{hook}.source": "training"}
    with pytest.raises(UserError, match="source: is 'training' with held_out=True"):
        train(TRUNK, tmp_path / "w", tiny_options(**wrong))


def test_a_validation_that_a_kill_prevented_is_made_up_for(tmp_path, tiny_options):
    work_dir = tmp_path / "trunk"
    train(TRUNK, work_dir, tiny_options())
    lines = (work_dir / "history.jsonl").read_text().splitlines()
    whole = json.loads(lines[2])
    torn = {key: value for key, value in whole.items() if key != "test"}
    (work_dir / "history.jsonl").write_text(
        "\n".join([*lines[:2], json.dumps(torn)]) + "\n"
    )
    (work_dir / "epoch_4.pth").unlink()
    train(TRUNK, work_dir, tiny_options(), resume=True)
    assert history(work_dir)[2]["test"] == whole["test"]


def test_watching_does_not_change_the_training(tmp_path, tiny_options):
    """Accumulation and scores draw no random number and move no statistics."""
    train(TRUNK, tmp_path / "watched", tiny_options())
    off = {"default_hooks.error_accumulation": None, "train_cfg.val_begin": 99}
    train(TRUNK, tmp_path / "alone", tiny_options(**off))
    first, second = (
        weights(tmp_path / name / "epoch_4.pth") for name in ("watched", "alone")
    )
    assert torch.equal(first, second)


def test_branches_differ_and_can_be_repeated(tmp_path, tiny_options):
    options = tiny_options()
    for folder in ("one", "two"):
        for name in ("stage1_A", "stage1_B"):
            path = CONFIGS / f"{name}.py"
            train(path, tmp_path / folder / name, options, with_parents=True)

    def at_five(folder, name):
        return weights(tmp_path / folder / name / "epoch_5.pth")

    assert torch.equal(at_five("one", "stage1_A"), at_five("two", "stage1_A"))
    assert not torch.equal(at_five("one", "stage1_A"), at_five("one", "stage1_B"))
    # A branch's bank holds all of the trunk's errors.
    trunk = load_bank(tmp_path / "one/stage1_trunk/error_bank_epoch_4.npz")
    branch = load_bank(tmp_path / "one/stage1_B/error_bank_epoch_5.npz")
    for tile in range(len(trunk)):
        assert (branch.fn(tile) >= trunk.fn(tile)).all()
        assert (branch.fp(tile) >= trunk.fp(tile)).all()
    assert branch.passes == trunk.passes + 3


def test_continuing_is_the_trunk_prolonged(tmp_path, tiny_options):
    baseline = CONFIGS / "stage1_baseline.py"
    train(
        baseline, tmp_path / "a" / "stage1_baseline", tiny_options(), with_parents=True
    )
    long = tiny_options(**{"epoch_scale": 0.02, "train_cfg.max_epochs": 400})
    train(TRUNK, tmp_path / "long", long)
    first, second = (
        weights(tmp_path / path / "epoch_8.pth")
        for path in ("a/stage1_baseline", "long")
    )
    assert torch.equal(first, second)


def test_begin_by_train_iou(tmp_path, tiny_options):
    def begin(iou):
        # _delete_: a dict takes the place of a number.
        rule = dict(_delete_=True, train_iou=iou)
        return {"default_hooks.error_accumulation.begin": rule}

    train(
        TRUNK,
        tmp_path / "never",
        tiny_options(**begin(1.0)),
    )
    assert not any("cfdr" in line for line in history(tmp_path / "never"))
    train(
        TRUNK,
        tmp_path / "soon",
        tiny_options(**begin(0.0)),
    )
    marked = ["cfdr" in line for line in history(tmp_path / "soon")]
    assert marked == [False, True, True, True]


def test_begin_by_a_mean_of_train_ious_outlives_a_kill(tmp_path, tiny_options):
    # Every mean reaches 0, so what is seen is how many epochs it is made of.
    rule = dict(_delete_=True, train_iou=0.0, epochs=3)
    options = tiny_options(**{"default_hooks.error_accumulation.begin": rule})
    kill = {"default_hooks.kill": dict(type="KillHook", epoch=2)}
    with pytest.raises(Killed):
        train(TRUNK, tmp_path / "w", {**options, **kill})
    train(TRUNK, tmp_path / "w", options, resume=True)
    marked = ["cfdr" in line for line in history(tmp_path / "w")]
    assert marked == [False, False, False, True]


def test_missing_parents_are_one_line(tmp_path, tiny_options):
    with pytest.raises(UserError) as caught:
        train(CASE, tmp_path / "x" / CASE.stem, tiny_options())
    text = str(caught.value)
    assert "error_bank_epoch_4.npz: not there yet" in text
    assert "stage1_trunk.py" in text and "--with-parents" in text
    assert "\n" not in text


def test_a_run_is_not_overwritten_unasked(tmp_path, tiny_options):
    train(TRUNK, tmp_path / "w", tiny_options())
    before = (tmp_path / "w" / "epoch_4.pth").read_bytes()
    with pytest.raises(UserError, match="holds a run"):
        train(TRUNK, tmp_path / "w", tiny_options())
    train(TRUNK, tmp_path / "w", tiny_options(), resume=True)  # finished: left alone
    assert (tmp_path / "w" / "epoch_4.pth").read_bytes() == before
    other = tiny_options(**{"randomness.seed": 5})
    train(TRUNK, tmp_path / "w", other, overwrite=True)
    assert (tmp_path / "w" / "epoch_4.pth").read_bytes() != before


@pytest.fixture
def unusable_gpu(monkeypatch):
    """A GPU that everybody sees, and that nobody who touches it survives."""

    def touched(*_: object) -> None:
        raise RuntimeError("the GPU was touched")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    # mmengine's log names it, which takes no memory of it.
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number=0: "a GPU")
    monkeypatch.setattr(torch.cuda, "_lazy_init", touched)
    monkeypatch.setattr(utils, "DEVICE", "cuda")


def test_the_cpu_is_used_where_there_is_a_gpu(tmp_path, tiny_options, unusable_gpu):
    options, last = tiny_options(), "epoch_4.pth"
    with pytest.raises(Exception, match="the GPU was touched"):
        train(TRUNK, tmp_path / "gpu", options)
    with running_on("cpu"):
        train(TRUNK, tmp_path / "cpu", options)
        facts = read_run_record(tmp_path / "cpu")["hardware"]
        (tmp_path / "cpu" / last).unlink()  # of the last but one, the run goes on
        train(TRUNK, tmp_path / "cpu", options, resume=True)
        scores = score_checkpoint(TRUNK, tmp_path / "cpu" / last, options=options)
    assert facts["gpu"] is None
    assert scores


@pytest.mark.parametrize("by_config", [True, False])
def test_mixed_precision_on_the_cpu_is_one_line(tmp_path, tiny_options, by_config):
    amp = {"optim_wrapper.type": "AmpOptimWrapper"} if by_config else {}
    where = "stage1_trunk.py" if by_config else "--amp"
    with running_on("cpu"), pytest.raises(UserError, match=f"{where}: mixed precision"):
        train(TRUNK, tmp_path / "w", tiny_options(**amp), amp=not by_config)
    assert not (tmp_path / "w").exists()


def test_a_parent_of_another_store_is_refused(tmp_path, tiny_options, make_store):
    train(TRUNK, tmp_path / "stage1_trunk", tiny_options())
    other = str(make_store(tmp_path / "other", tiles=8, seed=9))
    changed = tiny_options(**{"train_dataloader.dataset.store": other})
    for name in ("stage2_A100-200", "stage1_A"):
        with pytest.raises(UserError, match="expected one made on"):
            train(CONFIGS / f"{name}.py", tmp_path / name, changed)


def test_a_torn_checkpoint_is_one_line(tmp_path, tiny_options):
    train(TRUNK, tmp_path / "w", tiny_options())
    path = tmp_path / "w" / "epoch_4.pth"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match="damaged, or not a checkpoint"):
        load_model(path)


def test_bands_that_do_not_fit_are_one_line(tmp_path, tiny_options, make_store):
    store = str(make_store(tmp_path / "four", bands=4))
    options = tiny_options(**{"train_dataloader.dataset.store": store})
    with pytest.raises(UserError, match="has 4 bands, model"):
        train(TRUNK, tmp_path / "w", options)


def test_training_scores_equal_a_recount(tmp_path, tiny_options):
    """The last line's training counts, from the final weights, pixel by pixel."""
    train(TRUNK, tmp_path / "w", tiny_options())
    loaded = load_model(tmp_path / "w" / "epoch_4.pth")
    store = tiny_options()["train_dataloader.dataset.store"]
    images = np.load(f"{store}/images.npy").transpose(0, 3, 1, 2)
    masks = np.load(f"{store}/masks.npy")
    with torch.no_grad():
        predicted = loaded.model.probabilities(torch.from_numpy(images))[:, 0] > 0.5
    predicted = predicted.numpy()
    line = history(tmp_path / "w")[-1]["train"]["target"]
    assert line["tp"] == (predicted & (masks == 1)).sum()
    assert line["fp"] == (predicted & (masks == 0)).sum()
    assert line["fn"] == (~predicted & (masks == 1)).sum()
