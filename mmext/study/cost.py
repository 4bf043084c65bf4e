"""What each arm's training costs, its parents' included."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmext.engine.work_dir import read_history, resolved_config_path
from mmext.inference.config_data import read_resolved_config

from .schedule import Training
from .study_file import Study


@dataclass(frozen=True)
class Cost:
    """The cost of one arm.

    Attributes:
        epochs: Of its training and of those that it grows from, each once.
        minutes: The same in wall time, with the accumulation's passes, as it was on
            the machine; mean over seeds.
    """

    epochs: int
    minutes: float


def training_costs(
    study: Study, out: Path, trainings: dict[Path, Training]
) -> dict[str, Cost]:
    """Cost by arm name: of its trainings.

    Other weights than the last checkpoint's cost no training: an average has one
    forward pass over the training store, for batch norm, and the best on validation a
    prediction of that store for each kept checkpoint. That isn't counted.

    Args:
        study: The study.
        out: Its folder.
        trainings: All of its trainings, by work directory.
    """
    result = {}
    for arm in study.arms:
        epochs, minutes = [], []
        for seed in study.seeds:
            spent = _spent(out / f"seed{seed}" / arm.training, trainings)
            epochs.append(len(spent))
            minutes.append(sum(spent.values()) / 60)
        factor = 2 if arm.ensemble else 1
        result[arm.name] = Cost(factor * max(epochs), factor * float(np.mean(minutes)))
    return result


def _spent(
    work_dir: Path, trainings: dict[Path, Training], last: int | None = None
) -> dict[tuple[Path, int], float]:
    # Epochs by the run that trained them: a branch's history goes on where its
    # parent's ends, and what two parents share is paid once.
    training = trainings[work_dir]
    own = {
        (work_dir, line["epoch"]): line.get("seconds", float("nan"))
        for line in read_history(work_dir)
        if last is None or line["epoch"] <= last
    }
    config = read_resolved_config(
        resolved_config_path(work_dir, training.config_path.stem)
    )
    lineage = config.get("lineage")
    for parent in training.parents:
        own |= _spent(parent, trainings, lineage["epoch"])
    return own
