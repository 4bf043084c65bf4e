"""The lineage of one experiment, and what its runs answer on the test tiles."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mmext.errors import UserError
from mmext.evaluation.tile_scores import TileScores, score_tiles
from mmext.reporting.predictions import TestPredictions, predict_test_store
from mmext.reporting.runs import Run

#: The paper's cases, and the links of stage 1 that they and their comparison rest on.
CASES = ("A100-200", "A100-250", "B100-250", "B100-300")
STAGE1 = ("stage1_trunk", "stage1_A", "stage1_B", "stage1_baseline")
#: What of a second stage is scored, by channel or mask.
METHODS = {"target": "stage 2, channel 0", "union": "stage 2, union"}
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


@dataclass
class Evaluation:
    """Answers and scores of an experiment's newest checkpoints.

    Attributes:
        stage1: Stage 1 alone, or None.
        stage1_scores: Its scores, or None.
        cases: Of each case, its answers.
        scores: Of each case, ``target`` and ``union``.
        notes: What could not be had, a line each.
    """

    stage1: TestPredictions | None = None
    stage1_scores: TileScores | None = None
    cases: dict[str, TestPredictions] = field(default_factory=dict)
    scores: dict[str, dict[str, TileScores]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def evaluate(experiment: Experiment, elsewhere: Path) -> Evaluation:
    """Predict and score the test tiles with every run that a comparison needs.

    Args:
        experiment: The runs.
        elsewhere: A folder for answers whose work directory is read-only.
    """
    result = Evaluation()

    def predict(run: Run) -> TestPredictions | None:
        try:
            answers = predict_test_store(run, elsewhere)
        except UserError as error:
            result.notes.append(f"left out: {error}")
            return None
        if answers.decision is not None:
            result.notes.append(f"{run.name} decides {answers.decision}")
        return answers

    if experiment.reference is not None:
        result.stage1 = predict(experiment.reference)
    for case, run in experiment.cases.items():
        answers = predict(run)
        if answers is not None:
            result.cases[case] = answers
            result.scores[case] = score_tiles(answers.dump, answers.store)
    if result.stage1 is not None:
        _drop_foreign(result)
    if result.stage1 is not None:
        stage1 = result.stage1
        result.stage1_scores = score_tiles(stage1.dump, stage1.store)["target"]
    return result


def _labels(folders: list[Path]) -> list[str]:
    if len(folders) == 1:
        return [folders[0].name]
    common = Path(os.path.commonpath(folders))
    return [
        common.name if folder == common else str(folder.relative_to(common))
        for folder in folders
    ]


def _drop_foreign(result: Evaluation) -> None:
    assert result.stage1 is not None
    mine = result.stage1.store.fingerprint
    for case, answers in result.cases.items():
        theirs = answers.store.fingerprint
        if theirs != mine:
            result.notes.append(
                f"left out: {result.stage1.run.name} was tested on store {mine[:12]}, "
                f"{case} on {theirs[:12]}: they cannot be compared"
            )
            result.stage1 = None
            return
