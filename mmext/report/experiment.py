"""The lineage of one experiment, put together from its runs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .runs import CASES, Run


@dataclass(frozen=True)
class Experiment:
    """Runs of one folder, by name: the links of one lineage.

    Attributes:
        folder: The folder above the work directories.
        runs: Runs by config name.
    """

    folder: str
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

    def stage1(self, *keys: str) -> tuple[np.ndarray, np.ndarray]:
        """Epochs and values of stage 1 alone: the trunk and what continued it.

        Args:
            keys: Nested keys of a history line.
        """
        parts = [
            self.runs[name]
            for name in ("stage1_trunk", "stage1_baseline")
            if name in self.runs
        ]
        if not parts:
            return np.empty(0), np.empty(0)
        return (
            np.concatenate([run.epochs() for run in parts]),
            np.concatenate([run.series(*keys) for run in parts]),
        )


def group_experiments(runs: Sequence[Run]) -> list[Experiment]:
    """Runs whose work directories are siblings belong to one experiment."""
    folders: dict[str, dict[str, Run]] = {}
    for run in runs:
        folders.setdefault(str(run.path.parent), {})[run.name] = run
    return [Experiment(folder, members) for folder, members in folders.items()]
