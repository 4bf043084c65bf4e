"""Runs of one ablation, ours and the published: configurations on the same data."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mmengine.config import Config

from mmext.engine.work_dir import checkpoint_path
from mmext.errors import UserError
from mmext.reporting.runs import Run

#: Config name → what the paper (Jang et al.) calls it, in the order of its figures.
CONFIGURATIONS = {
    "all": "all losses",
    "no_silog": "no SILog",
    "no_smooth": "no smooth",
    "no_consistency": "no consistency",
    "no_smooth_no_consistency": "no smooth, no consistency",
}
#: Config name → score → value as printed in the paper's Table 1. It states neither its
#: data, nor RMSE's unit, cap, alignment or averaging.
TABLE_1 = {
    "all": {"abs_rel": 0.0809, "rmse": 0.1720},
    "no_silog": {"abs_rel": 0.0820, "rmse": 0.1732},
    "no_smooth": {"abs_rel": 0.0794, "rmse": 0.1700},
    "no_consistency": {"abs_rel": 0.0816, "rmse": 0.2114},
    "no_smooth_no_consistency": {"abs_rel": 0.0895, "rmse": 0.2328},
}


#: Runs by configuration and seed.
_Members = dict[tuple[str, int], Run]


@dataclass(frozen=True)
class Ablation:
    """Runs that may be compared: on the same data, as long, scored alike.

    A configuration's name stands for its losses and its network.

    Attributes:
        label: The folder that holds them, as short as it stays unique.
        runs: Configuration → its runs, one a seed, by seed. In the paper's order;
            configurations that the paper has not come last.
    """

    label: str
    runs: dict[str, list[Run]]

    @property
    def seeds(self) -> list[int]:
        """All seeds, ascending."""
        return sorted({run.seed for members in self.runs.values() for run in members})

    @property
    def any_run(self) -> Run:
        """One of the runs, for what they have in common."""
        return next(iter(self.runs.values()))[0]

    @property
    def config(self) -> Config:
        """The resolved config of :attr:`any_run`."""
        return self.any_run.read_config()

    def of_seed(self, seed: int) -> dict[str, Run]:
        """The run of each configuration that was trained with a seed."""
        return {
            name: run
            for name, members in self.runs.items()
            for run in members
            if run.seed == seed
        }

    def values(self, name: str, pixels: str, score: str) -> np.ndarray:
        """(S,) last epoch's score of each seed's run, NaN where there is none.

        Args:
            name: The configuration.
            pixels: ``all``, ``object``, ``all_median`` or ``object_median``.
            score: Such as ``abs_rel``.
        """
        return np.array([last_score(run, pixels, score) for run in self.runs[name]])


def last_score(run: Run, pixels: str, score: str) -> float:
    """A run's score after its last scored epoch; NaN if it has none."""
    series = run.series("test", pixels, score)
    known = series[np.isfinite(series)]
    return float(known[-1]) if len(known) else float("nan")


def checkpoint_of(run: Run) -> Path:
    """The checkpoint of a run's last epoch.

    Raises:
        UserError: It is not there.
    """
    path = checkpoint_path(run.path, run.last_epoch)
    if not path.is_file():
        raise UserError(f"{path}: no such checkpoint, expected the last epoch's")
    return path


def group_ablations(runs: Sequence[Run]) -> tuple[list[Ablation], list[str]]:
    """Put runs together that may be compared.

    Those of one network first; then networks that were trained on the same data, as far
    as their configurations have names of their own.

    Args:
        runs: Trainings of depth estimators.

    Returns:
        The ablations of finished runs, and a line for each run that is left out: of no
        depth estimator, or with the configuration and seed of another.
    """
    groups: dict[tuple[str, str], _Members] = {}
    notes = []
    for run in runs:
        if not run.finished:
            continue  # find_runs has named it
        try:
            config = run.read_config()
        except UserError as error:
            notes.append(f"left out: {error}")
            continue
        if config.model.get("type") != "DepthEstimator":
            notes.append(
                f"{run.path}: trains a {config.model.get('type')}, expected a "
                "DepthEstimator, left out"
            )
            continue
        members = groups.setdefault((_data(run, config), _network(config)), {})
        other = members.setdefault((run.name, run.seed), run)
        if other is not run:
            notes.append(
                f"{run.path}: same configuration, seed and data as {other.path}, "
                "left out"
            )
    joined = _joined(groups)
    labels = _labels([list(members.values()) for members in joined])
    ablations = [
        Ablation(label, _in_order(members))
        for label, members in zip(labels, joined, strict=True)
    ]
    return ablations, notes


def published_change(name: str, score: str) -> float:
    """Published relative change of a score against all losses, e.g. 0.229.

    Args:
        name: A config of :data:`TABLE_1`.
        score: ``abs_rel`` or ``rmse``.
    """
    return TABLE_1[name][score] / TABLE_1["all"][score] - 1


def _data(run: Run, config: Config) -> str:
    """What runs of one ablation have in common."""
    parts = ("val_dataloader", "val_evaluator")
    settings = {part: config[part].to_dict() for part in parts if part in config}
    train = config.train_dataloader.dataset.to_dict()
    train.pop("pipeline", None)
    facts = [run.fingerprint, run.record["epochs"], settings, train]
    return json.dumps(facts, sort_keys=True, default=str)


def _network(config: Config) -> str:
    """What is trained and how, but for the losses."""
    model = config.model.to_dict()
    model["decode_head"].pop("losses", None)
    parts = ("train_dataloader", "optim_wrapper")
    settings = [config[part].to_dict() for part in parts if part in config]
    return json.dumps([model, settings], sort_keys=True, default=str)


def _joined(groups: dict[tuple[str, str], _Members]) -> list[_Members]:
    """Put networks together on the same data, where it is clear which belong together.

    Two networks whose configurations have the same names are two ablations; what could
    belong to either stays by itself.
    """
    by_data: dict[str, list[_Members]] = {}
    for (data, _), members in groups.items():
        by_data.setdefault(data, []).append(members)
    joined = []
    for networks in by_data.values():
        names = [{name for name, _ in members} for members in networks]
        if sum(map(len, names)) == len(set().union(*names)):
            networks = [{key: run for part in networks for key, run in part.items()}]
        joined += networks
    return joined


def _in_order(members: _Members) -> dict[str, list[Run]]:
    names = [name for name in CONFIGURATIONS if any(n == name for n, _ in members)]
    names += sorted({name for name, _ in members} - set(names))
    return {
        name: [run for (n, _), run in sorted(members.items()) if n == name]
        for name in names
    }


def _labels(groups: Sequence[Sequence[Run]]) -> list[str]:
    folders = [
        Path(os.path.commonpath([run.path.resolve().parent for run in group]))
        for group in groups
    ]
    if len(folders) <= 1:
        return [folder.name for folder in folders]
    common = Path(os.path.commonpath(folders))
    labels = [
        common.name if folder == common else folder.relative_to(common).as_posix()
        for folder in folders
    ]
    return [
        label if labels.count(label) == 1 else f"{label} {number}"
        for number, label in enumerate(labels, start=1)
    ]
