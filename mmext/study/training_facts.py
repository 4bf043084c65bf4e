"""How a study's trainings went: what they fitted, which errors they collected."""

from collections.abc import Iterable
from pathlib import Path
from statistics import mean

from mmext.engine.work_dir import (
    HistoryLine,
    continued_runs,
    read_history,
    read_run_record,
)
from mmext.reporting.numbers import mean_and_deviation

from .schedule import Training

_LAST = 5
FACTS = {
    "epochs": "Epochs",
    "begin": "Errors from epoch",
    "iou_then": "Training IoU then",
    "train_iou": f"Training IoU, mean of the last {_LAST} scored epochs",
    "cfdr": "CFDR in the end",
    "minutes": "Minutes",
}
TRAINING_COLUMNS = ("training", "seed", *FACTS)
#: By a training's name a dict for each seed, see :func:`training_facts`.
TrainingFacts = dict[str, list[dict[str, float | int]]]
_SHARES = ("iou_then", "train_iou", "cfdr")


def training_facts(trainings: Iterable[Training]) -> TrainingFacts:
    """What the histories of trainings say.

    Args:
        trainings: Of one study, finished.

    Returns:
        By name a dict for each seed: ``seed``, ``epochs`` (its own), ``minutes`` of
        wall time, and where they are known ``begin`` (the first epoch that
        accumulated, in itself or in what it continues), ``iou_then`` (training IoU of
        the epoch before), ``train_iou`` and ``cfdr``, shares from 0 to 1.
    """
    found: TrainingFacts = {}
    for training in trainings:
        own = read_history(training.work_dir)
        facts: dict[str, float | int] = {
            "seed": read_run_record(training.work_dir)["seed"],
            "epochs": len(own),
            "minutes": sum(line.get("seconds", 0.0) for line in own) / 60,
        }
        scored = [iou for line in own if (iou := _training_iou(line)) is not None]
        if scored:
            facts["train_iou"] = mean(scored[-_LAST:])
        if any("cfdr" in line for line in own):
            facts |= _collected([*_continued(training.work_dir), *own])
        found.setdefault(training.work_dir.name, []).append(facts)
    return found


def training_rows(
    facts: TrainingFacts,
) -> list[dict[str, object]]:
    """A row for each training: mean ± standard deviation over seeds."""
    rows = []
    for name, seeds in facts.items():
        row: dict[str, object] = {"training": name}
        for key in FACTS:
            spec = "" if key in _SHARES else ".0f"
            known = [seed[key] for seed in seeds if key in seed]
            row[key] = mean_and_deviation(known, spec)
        rows.append(row)
    return rows


def training_seed_rows(
    facts: TrainingFacts,
) -> list[dict[str, object]]:
    """A row for each training and seed, as it goes into a table's file."""
    return [
        {"training": name}
        | {
            key: round(value, 2 if key == "minutes" else 5)
            for key, value in seed.items()
        }
        for name, seeds in facts.items()
        for seed in seeds
    ]


def _collected(lines: list[HistoryLine]) -> dict[str, float | int]:
    """When errors began to be collected, at which training IoU, and how many."""
    with_errors = [line for line in lines if "cfdr" in line]
    begin = with_errors[0]["epoch"]
    facts: dict[str, float | int] = {"begin": begin}
    before = next((line for line in lines if line["epoch"] == begin - 1), None)
    if before and (iou := _training_iou(before)) is not None:
        facts["iou_then"] = iou
    facts["cfdr"] = float(with_errors[-1]["cfdr"]["total"] or 0.0)
    return facts


def _continued(work_dir: Path) -> list[HistoryLine]:
    return [
        line
        for run, last in continued_runs(work_dir)
        for line in read_history(run)
        if line["epoch"] <= last
    ]


def _training_iou(line: HistoryLine) -> float | None:
    target = line.get("train", {}).get("target")
    value = target.get("iou") if isinstance(target, dict) else None
    return float(value) if isinstance(value, int | float) else None
