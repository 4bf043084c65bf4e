"""What is said of trainings, against histories written by hand."""

from pathlib import Path

import pytest

from mmext.engine.work_dir import write_history, write_run_record
from mmext.study.schedule import Training
from mmext.study.training_facts import (
    training_facts,
    training_rows,
    training_seed_rows,
)


@pytest.fixture
def train(tmp_path):
    """A work directory with a history: epoch, training IoU, CFDR."""

    def train(seed, name, lines, lineage=None):
        work_dir = tmp_path / f"seed{seed}" / name
        work_dir.mkdir(parents=True)
        history = []
        for epoch, iou, cfdr in lines:
            line = dict(epoch=epoch, seconds=30.0)
            if iou is not None:
                line["train"] = dict(target=dict(iou=iou))
            if cfdr is not None:
                line["cfdr"] = dict(total=cfdr, fn=0.0, fp=cfdr)
            history.append(line)
        write_history(work_dir, history)
        record = dict(config=name, seed=seed, epochs=lines[-1][0], state="finished")
        write_run_record(work_dir, record | dict(lineage=lineage))
        return Training(Path(f"{name}.py"), work_dir, (), lines[-1][0], ())

    return train


def test_facts_of_a_trunk_and_what_grows_from_it(train):
    trunk = [(1, 0.2, None), (2, 0.4, None), (3, 0.6, 0.01), (4, 0.8, 0.02)]
    branch = [(4, 0.7, 0.03), (5, 0.9, 0.04)]
    plain = [(4, None, None), (5, 1.0, None)]
    begun = dict(parent="trunk", epoch=3)
    found = training_facts(
        [
            train(0, "trunk", trunk),
            train(0, "B", branch, begun | dict(use="branch")),
            train(0, "plain", plain, begun | dict(use="continue")),
            train(0, "second", [(1, 0.5, None)], begun | dict(use="bank")),
            train(1, "trunk", [(1, 0.1, 0.5)]),
        ]
    )
    first, second = found["trunk"]
    assert first == dict(
        seed=0,
        epochs=4,
        minutes=2.0,
        begin=3,
        iou_then=0.4,
        train_iou=pytest.approx(0.5),
        cfdr=0.02,
    )
    # From the very first epoch: no IoU is known before it.
    assert second == dict(
        seed=1, epochs=1, minutes=0.5, begin=1, train_iou=0.1, cfdr=0.5
    )
    [b] = found["B"]
    assert (b["begin"], b["iou_then"], b["cfdr"]) == (3, 0.4, 0.04)
    assert b["epochs"] == 2 and b["train_iou"] == pytest.approx(0.8)
    # What collects nothing itself has no errors of its parents.
    assert "cfdr" not in found["plain"][0] and "begin" not in found["second"][0]
    assert found["plain"][0]["train_iou"] == 1.0


def test_five_epochs_count_as_the_end(train):
    lines = [(epoch, epoch / 10, None) for epoch in range(1, 8)]
    [facts] = training_facts([train(3, "x", lines)])["x"]
    assert facts["train_iou"] == pytest.approx(0.5)  # of 0.3 to 0.7


def test_rows(train):
    trainings = [
        train(0, "x", [(1, 0.5, None), (2, 0.6, 0.123456)]),
        train(1, "x", [(1, 0.7, None)]),
    ]
    facts = training_facts(trainings)
    [row] = training_rows(facts)
    assert row["training"] == "x"
    assert row["epochs"] == "2 ± 1" and row["begin"] == "2"
    assert row["cfdr"] == "0.123" and row["train_iou"] == "0.625 ± 0.106"
    rows = training_seed_rows(facts)
    assert [r["seed"] for r in rows] == [0, 1]
    assert rows[0]["cfdr"] == 0.12346 and "cfdr" not in rows[1]
