"""What the trainings of a study answer, and how its arms score."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmext.datasets.tile_store import TileStore
from mmext.engine.tasks import successes, task_runner
from mmext.engine.work_dir import checkpoint_path
from mmext.errors import UserError
from mmext.evaluation.answers import Answers
from mmext.evaluation.decision_fit import fit_decision
from mmext.evaluation.decision_rule import DecisionRule
from mmext.evaluation.standard_rules import GROWTH, candidates, standard_rules
from mmext.inference.checkpoint import load_model
from mmext.inference.device import running_on
from mmext.inference.prediction_dump import PredictionDump
from mmext.reporting.predictions import predict_once

from .arm_weights import FOLDER
from .error_detection import ErrorDetection, detect_errors
from .results import ArmScores, score_arm
from .schedule import Training, share_of_cores
from .stability import EpochScores, score_epochs
from .study_file import STANDARD, Arm, Study


class Scorer:
    """Predicts each training's stores once, and scores arms on them.

    Args:
        study: The study.
        out: Its folder.
        trainings: All of its trainings by work directory, finished.
    """

    def __init__(
        self, study: Study, out: Path, trainings: dict[Path, Training]
    ) -> None:
        self.study = study
        self.out = out
        self.trainings = trainings
        self.stores = {s: TileStore(study.stores[s]) for s in ("val", "test")}

    def score(self, arm: Arm, seed: int) -> ArmScores:
        """Fit an arm's decision on the validation store, and score the test store."""
        answers = self._answers(arm, seed, "val")
        fit = fit_decision(answers, self._candidates(arm, answers.channels))
        name = self._checkpoint(arm, self._work_dir(arm, seed)).name
        return score_arm(self._answers(arm, seed, "test"), fit.rule, fit.iou, name)

    def answer(self, work_dir: Path) -> None:
        """Predict, and keep, all that the arms of one training ask for."""
        for arm in self.study.arms:
            if arm.training != work_dir.name:
                continue
            for split in self.stores:
                self._predict(arm, work_dir, split)
            if arm.stability and self.study.stability is not None:
                epochs = {arm.name: [work_dir]}
                score_epochs(epochs, self.study.stability, self.stores["test"])

    def stability(self) -> dict[str, list[EpochScores]]:
        """Of every arm that asks for it, its last epochs."""
        if self.study.stability is None:
            return {}
        work_dirs = {
            arm.name: [self._work_dir(arm, seed) for seed in self.study.seeds]
            for arm in self.study.arms
            if arm.stability
        }
        return score_epochs(work_dirs, self.study.stability, self.stores["test"])

    def detections(self, reference_name: str) -> dict[str, list[ErrorDetection]]:
        """Of every arm whose model has an error channel, decided as trained."""
        reference = self.study.arm(reference_name)
        result = {}
        for arm in self.study.arms:
            if arm.decoders or arm.filters or arm.ensemble or arm.weights:
                continue
            if "error" not in self._answers(arm, self.study.seeds[0], "test").channels:
                continue
            result[arm.name] = [
                detect_errors(
                    self._answers(reference, seed, "test", ensemble=False),
                    self._answers(arm, seed, "test"),
                )
                for seed in self.study.seeds
            ]
        return result

    def _answers(
        self, arm: Arm, seed: int, split: str, ensemble: bool = True
    ) -> Answers:
        seeds = [seed]
        if ensemble and arm.ensemble:
            seeds.append(_next(self.study.seeds, seed))
        dumps = [
            self._predict(arm, self._work_dir(arm, number), split) for number in seeds
        ]
        kind = arm.ensemble if len(dumps) > 1 else None
        return Answers(self.stores[split], dumps, kind)

    def _predict(self, arm: Arm, work_dir: Path, split: str) -> PredictionDump:
        checkpoint = self._checkpoint(arm, work_dir)
        home = work_dir / FOLDER / arm.weights.name if arm.weights else work_dir
        folder = home / f"{split}_predictions"
        return predict_once(checkpoint, self.stores[split], folder)

    def _candidates(self, arm: Arm, channels: Sequence[str]) -> list[DecisionRule]:
        if arm.decoders == STANDARD:
            return standard_rules(channels, arm.filters or GROWTH)
        return candidates(arm.decoders or [self._trained(arm)], arm.filters)

    def _trained(self, arm: Arm) -> dict[str, object]:
        work_dir = self._work_dir(arm, self.study.seeds[0])
        return load_model(self._last(work_dir)).model.union_decoder.settings

    def _checkpoint(self, arm: Arm, work_dir: Path) -> Path:
        last = self._last(work_dir)
        if arm.weights is None:
            return last
        return arm.weights.checkpoint(work_dir, last, self.stores["val"])

    def _last(self, work_dir: Path) -> Path:
        return checkpoint_path(work_dir, self.trainings[work_dir].trained_epochs)

    def _work_dir(self, arm: Arm, seed: int) -> Path:
        return self.out / f"seed{seed}" / arm.training


def answer_in_processes(
    study: Study,
    out: Path,
    trainings: dict[Path, Training],
    jobs: int,
    device: str | None,
) -> None:
    """Have all predictions made, which are kept, so that a scorer finds them.

    Args:
        study: The study.
        out: Its folder.
        trainings: All of its trainings by work directory, finished.
        jobs: Processes.
        device: Where they predict, see :func:`~mmext.inference.device.running_on`.

    Raises:
        UserError: Those of a training can't be made.
    """
    work_dirs = list(
        dict.fromkeys(
            out / f"seed{seed}" / arm.training
            for seed in study.seeds
            for arm in study.arms
        )
    )
    failures: list[str] = []
    # Read by processes that begin now; one bar for all.
    defaults = share_of_cores(jobs) | {"TQDM_DISABLE": "1"}
    with _environment(defaults), task_runner(jobs, None) as run:
        tasks = run(_answer, work_dirs, study, out, trainings, device)
        total = len(work_dirs)
        for _ in successes(tasks, failures, total, "training", "Predicting"):
            pass
    if failures:
        raise UserError(failures[0])


@contextlib.contextmanager
def _environment(defaults: dict[str, str]) -> Iterator[None]:
    added = {key: defaults[key] for key in defaults if key not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for key in added:
            del os.environ[key]


def _answer(
    work_dir: Path,
    study: Study,
    out: Path,
    trainings: dict[Path, Training],
    device: str | None,
) -> None:
    with running_on(device):
        Scorer(study, out, trainings).answer(work_dir)


def _next(seeds: Sequence[int], seed: int) -> int:
    return seeds[(list(seeds).index(seed) + 1) % len(seeds)]
