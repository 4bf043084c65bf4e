"""Damage and mistakes on the way: what is gone on from, and what is left alone."""

import json
import shutil

import pytest
import torch

from mmext.engine.train import newest_whole_checkpoint, train
from mmext.errors import UserError
from mmext.fileio import locked
from mmext.inference.checkpoint import load_model, read_checkpoint

from ..checkpoint_weights import weights
from .conftest import CONFIGS, keep_all

TRUNK = CONFIGS / "stage1_trunk.py"
CASE = CONFIGS / "stage2_A100-200.py"


@pytest.fixture(scope="module")
def trained(tmp_path_factory, store, quiet):
    """A trunk of four epochs, all checkpoints kept."""
    work_dir = tmp_path_factory.mktemp("runs") / TRUNK.stem
    train(TRUNK, work_dir, keep_all(store))
    return work_dir


def flip(path, position):
    content = bytearray(path.read_bytes())
    content[position] ^= 4
    path.write_bytes(content)


def damage(path, how):
    content = path.read_bytes()
    if how == "empty":
        path.write_bytes(b"")
    elif how == "torn":
        path.write_bytes(content[: len(content) // 2])
    elif how == "zeros":
        path.write_bytes(bytes(len(content)))
    elif how == "flipped":
        # In the middle of the largest weight, where nothing but a checksum tells.
        weights = read_checkpoint(path)["state_dict"]
        largest = max(weights.values(), key=torch.numel)
        # As it lies in memory, whatever the order of its channels.
        position = content.index(bytes(largest.untyped_storage().tolist()))
        flip(path, position + largest.nbytes // 2)


HOW = ["empty", "torn", "zeros", "flipped"]


@pytest.mark.parametrize("how", HOW)
def test_a_damaged_checkpoint_is_refused_by_name(how, copy):
    damage(copy / "epoch_4.pth", how)
    with pytest.raises(UserError, match=r"epoch_4.pth: damaged") as caught:
        load_model(copy / "epoch_4.pth")
    assert "\n" not in str(caught.value)


def test_every_bit_is_watched(copy):
    """A flip anywhere is refused, or is in bytes that say nothing."""
    path = copy / "epoch_4.pth"
    whole, size = read_checkpoint(path), path.stat().st_size
    refused = 0
    for position in range(0, size, size // 150):
        flip(path, position)
        try:
            found = read_checkpoint(path)
        except UserError:
            refused += 1
        else:
            for name, weight in whole["state_dict"].items():
                assert torch.equal(found["state_dict"][name], weight)
            assert found["meta"]["epoch"] == 4
        flip(path, position)
    assert refused > 75


@pytest.mark.parametrize("how", ["empty", "flipped"])
def test_resuming_falls_back_and_ends_the_same(how, copy, trained, store, capsys):
    damage(copy / "epoch_4.pth", how)
    damage(copy / "epoch_3.pth", how)
    (copy / "last_checkpoint").write_text("/etc/passwd")
    (copy / "epoch_4 (copy).pth").touch()
    train(TRUNK, copy, keep_all(store), resume=True)
    said = capsys.readouterr().out
    for name in ("epoch_4.pth", "epoch_3.pth"):
        assert f"{name}: damaged" in said
    assert "goes on from epoch_2.pth" in said
    assert torch.equal(weights(copy / "epoch_4.pth"), weights(trained / "epoch_4.pth"))


def test_nothing_whole_is_left(copy, store):
    for path in copy.glob("epoch_*.pth"):
        path.write_bytes(b"")
    with pytest.raises(UserError, match=r"epoch_4.pth: damaged.*--overwrite"):
        train(TRUNK, copy, keep_all(store), resume=True)
    assert newest_whole_checkpoint(copy / "none") is None


def test_a_damaged_parent_is_refused(copy, store):
    damage(copy / "epoch_4.pth", "flipped")
    with pytest.raises(UserError, match=r"epoch_4.pth: damaged"):
        train(CONFIGS / "stage1_A.py", copy.with_name("stage1_A"), keep_all(store))
    assert not copy.with_name("stage1_A").exists()


def test_a_parent_that_was_killed_is_ended(copy, store, capsys):
    """Its snapshot of epoch 4 is there, but its last two epochs are not."""
    longer = keep_all(store, **{"train_cfg.max_epochs": 300})
    record = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps({**record, "state": "running"}))
    child = copy.with_name(CASE.stem)
    short = {"train_cfg.max_epochs": 300}
    train(CASE, child, keep_all(store, **short))
    assert "has not ended" in capsys.readouterr().out
    assert not (copy / "epoch_6.pth").exists()
    train(CASE, child, longer, resume=True, with_parents=True)
    assert (copy / "epoch_6.pth").exists()
    assert json.loads((copy / "run.json").read_text())["state"] == "finished"


def test_a_branch_that_was_begun_needs_no_parent(copy, store):
    branch = copy.with_name("stage1_A")
    path = CONFIGS / "stage1_A.py"
    train(path, branch, keep_all(store))
    before = weights(branch / "epoch_5.pth")
    (branch / "epoch_5.pth").unlink()
    longer = keep_all(store, **{"train_cfg.max_epochs": 350})
    train(path, branch, longer)  # epochs 5 to 7 from the parent
    (branch / "epoch_7.pth").unlink()
    shutil.rmtree(copy)
    train(path, branch, longer, resume=True)
    assert torch.equal(weights(branch / "epoch_5.pth"), before)
    assert (branch / "epoch_7.pth").is_file()


def test_two_runs_in_one_work_directory(copy, store):
    before = {path.name: path.read_bytes() for path in copy.glob("*.pth")}
    with locked(copy), pytest.raises(UserError, match=f"{copy}: in use by process"):
        train(TRUNK, copy, keep_all(store), overwrite=True)
    assert {path.name: path.read_bytes() for path in copy.glob("*.pth")} == before


@pytest.mark.parametrize(
    "arguments, changes, expected",
    [
        (dict(resume=True, overwrite=True), {}, "--resume, --overwrite: both given"),
        (dict(resume=True), {"train_cfg.max_epochs": 100}, "has 4 epochs behind it"),
        (dict(batch_change="keep"), {"load_from": "none.pth"}, "holds a run"),
        (dict(), {"resume": True, "train_cfg.max_epochs": 100}, "4 epochs behind"),
    ],
)
def test_mistakes_change_nothing(copy, store, arguments, changes, expected):
    before = {path.name: path.stat().st_mtime_ns for path in copy.iterdir()}
    with pytest.raises(UserError, match=expected):
        train(TRUNK, copy, keep_all(store, **changes), **arguments)
    assert {path.name: path.stat().st_mtime_ns for path in copy.iterdir()} == before


def test_a_run_on_another_store_is_not_gone_on_with(copy, store, tmp_path, make_store):
    (copy / "epoch_4.pth").unlink()
    other = str(make_store(tmp_path / "other", tiles=8, seed=9))
    changed = keep_all(store, **{"train_dataloader.dataset.store": other})
    with pytest.raises(UserError, match=r"epoch_3.pth: made on tile store"):
        train(TRUNK, copy, changed, resume=True)


def test_the_best_checkpoint_of_a_validation_that_was_made_up_for(store, tmp_path):
    """SIGTERM comes before the epoch's validation, which may be the best."""
    best = {
        "default_hooks.checkpoint.save_best": "test/target.tn",
        # Whichever of the two makes the second epoch the best so far.
        "default_hooks.checkpoint.rule": "less",
    }
    straight, ended = tmp_path / "straight", tmp_path / "ended"
    train(TRUNK, straight, keep_all(store, **best))
    train(TRUNK, ended, keep_all(store, **best))
    lines = (ended / "history.jsonl").read_text().splitlines()
    whole = json.loads(lines[1])
    whole.pop("test")
    (ended / "history.jsonl").write_text(
        "\n".join([lines[0], json.dumps(whole)]) + "\n"
    )
    for epoch in (3, 4):
        (ended / f"epoch_{epoch}.pth").unlink()
    for path in ended.glob("best_*"):
        path.unlink()

    def forget(content):
        # As it was written, before its validation.
        info = content["message_hub"]["runtime_info"]
        for key in ("best_score", "best_ckpt"):
            info.pop(key, None)

    content = torch.load(ended / "epoch_2.pth", weights_only=True)
    forget(content)
    torch.save(content, ended / "epoch_2.pth")
    train(TRUNK, ended, keep_all(store, **best), resume=True)
    one, other = ({p.name for p in w.glob("best_*")} for w in (straight, ended))
    assert len(other) == 1
    assert one == other
