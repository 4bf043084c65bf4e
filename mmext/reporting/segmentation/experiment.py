"""The lineage of one experiment, put together from its runs."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmext.reporting.runs import Run

#: The paper's cases, and the links of stage 1 that they and their comparison rest on.
CASES = ("A100-200", "A100-250", "B100-250", "B100-300")
STAGE1 = ("stage1_trunk", "stage1_A", "stage1_B", "stage1_baseline")
#: The losses of the paper's Figure 3.
LOSSES = {
    "bce": "BCE",
    "soft_iou": "Soft IoU",
    "focal_tversky": "Focal Tversky",
    "bce_iou": "BCE + soft IoU",
}


@dataclass(frozen=True)
class Experiment:
    """Runs of one folder, by name: the links of one lineage.

    Attributes:
        folder: The folder above the work directories.
        label: The folder above the work directories, as short as it stays unique.
        runs: Runs by config name.
    """

    folder: Path
    label: str
    runs: dict[str, Run]

    @property
    def cases(self) -> dict[str, Run]:
        """The second-stage runs by case, in the paper's order."""
        found = {case: self.runs.get(f"stage2_{case}") for case in CASES}
        known = {case: run for case, run in found.items() if run is not None}
        others = {
            name.removeprefix("stage2_"): run
            for name, run in self.runs.items()
            if name.startswith("stage2_") and name.removeprefix("stage2_") not in known
        }
        return known | others

    @property
    def losses(self) -> dict[str, Run]:
        """The runs of the loss comparison, by the loss's name."""
        return {
            title: self.runs[name]
            for name, title in LOSSES.items()
            if name in self.runs
        }

    @property
    def seed(self) -> int:
        """The seed that the lineage starts from; branches derive their own."""
        roots = [run for run in self.runs.values() if not run.lineage]
        seconds = list(self.cases.values())
        return (roots or seconds or list(self.runs.values()))[0].seed

    @property
    def reference(self) -> Run | None:
        """Stage 1 at its longest: what a second stage is compared with."""
        return self.runs.get("stage1_baseline") or self.runs.get("stage1_trunk")

    @property
    def shown_case(self) -> str | None:
        """The case to draw where there is room for one: the paper's last."""
        known = [case for case in CASES if case in self.cases] or list(self.cases)
        return known[-1] if known else None

    @property
    def missing(self) -> list[str]:
        """Links of the paper's lineage that are not among the runs."""
        if not (self.cases or self.reference):
            return []
        wanted = (*STAGE1, *(f"stage2_{case}" for case in CASES))
        return [name for name in wanted if name not in self.runs]

    def stage1(self, *keys: str) -> tuple[np.ndarray, np.ndarray]:
        """Epochs and values of stage 1 alone: the trunk and what continued it.

        Args:
            keys: Nested keys of a history line.
        """
        parts = self._stage1_parts()
        if not parts:
            return np.empty(0), np.empty(0)
        return (
            np.concatenate([run.epochs()[kept] for run, kept in parts]),
            np.concatenate([run.series(*keys)[kept] for run, kept in parts]),
        )

    def _stage1_parts(self) -> list[tuple[Run, np.ndarray]]:
        trunk = self.runs.get("stage1_trunk")
        baseline = self.runs.get("stage1_baseline")
        parts = []
        if trunk is not None:
            last = baseline.lineage.get("epoch", np.inf) if baseline else np.inf
            parts.append((trunk, trunk.epochs() <= last))
        if baseline is not None:
            parts.append((baseline, np.ones(len(baseline.history), bool)))
        return parts


def group_experiments(runs: Sequence[Run]) -> list[Experiment]:
    """Runs whose work directories are siblings belong to one experiment."""
    folders: dict[Path, dict[str, Run]] = {}
    for run in runs:
        folders.setdefault(run.path.resolve().parent, {})[run.name] = run
    labels = _labels(list(folders))
    return [
        Experiment(folder, label, members)
        for label, (folder, members) in zip(labels, folders.items(), strict=True)
    ]


def group_seeds(experiments: Sequence[Experiment]) -> list[list[Experiment]]:
    """Experiments that differ in their seed alone.

    Their folders are siblings, and they have the same training tiles and length.
    Where a seed occurs twice they must differ in something else, and each stands
    for itself.
    """
    groups: dict[tuple[Path, str, float], list[Experiment]] = {}
    for experiment in experiments:
        run = next(iter(experiment.runs.values()))
        key = (experiment.folder.parent, run.fingerprint, run.epoch_scale)
        groups.setdefault(key, []).append(experiment)
    result = []
    for members in groups.values():
        if len({experiment.seed for experiment in members}) == len(members):
            result.append(members)
        else:
            result += [[experiment] for experiment in members]
    return result


def _labels(folders: list[Path]) -> list[str]:
    if len(folders) == 1:
        return [folders[0].name]
    common = Path(os.path.commonpath(folders))
    return [
        common.name if folder == common else str(folder.relative_to(common))
        for folder in folders
    ]
