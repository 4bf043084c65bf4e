"""A study from its file to its results."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from mmext.datasets.tile_store import TileStore
from mmext.engine.work_dir import checkpoint_path, read_run_record
from mmext.errors import UserError
from mmext.evaluation.answers import Answers
from mmext.evaluation.decision_fit import fit_decision
from mmext.evaluation.decision_rule import DecisionRule
from mmext.evaluation.standard_rules import GROWTH, candidates, standard_rules
from mmext.inference.checkpoint import load_model
from mmext.reporting.predictions import predict_once
from mmext.reporting.runs import warning_lines

from .arm_weights import FOLDER
from .cost import training_costs
from .error_detection import ErrorDetection, detect_errors
from .planned_checkpoints import refuse_unkept
from .results import ArmScores, Results, score_arm
from .schedule import Training, needed_trainings, run_trainings
from .stability import EpochScores, score_epochs
from .study_file import STANDARD, Arm, Study
from .training_configs import write_training_configs
from .write_results import write_results

# Of fewer scenes a bootstrap over them says little of another test set.
_ENOUGH_SCENES = 10


def run_study(
    study: Study,
    out: Path,
    jobs: int = 1,
    train: bool = True,
    device: str | None = None,
) -> Results:
    """Train what is missing, score every arm with every seed, write the results.

    Args:
        study: What to do.
        out: Trainings go to ``seed<S>/<training>``, their configs to ``configs``,
            results to ``results/<study>``, so that several studies can share trainings.
        jobs: Trainings at once.
        train: Whether to train; False only scores what is there.
        device: Of the trainings, see :func:`~mmext.inference.device.running_on`.

    Returns:
        What was written.

    Raises:
        UserError: A training failed, or is not finished and may not be trained; or the
            study asks questions of one test scene.
    """
    few_scenes = _few_scenes(study)
    configs = write_training_configs(study, out)
    trainings = needed_trainings(configs, study.seeds, study.training_options, out)
    if train:
        refuse_unkept(study, {t.config_path.stem: t for t in trainings})
        run_trainings(trainings, jobs, device)
    for training in trainings:
        if not training.finished:
            raise UserError(f"{training.work_dir}: not finished, run the study first")
    by_work_dir = {training.work_dir: training for training in trainings}
    scorer = _Scorer(study, out, by_work_dir)
    pairs = [(arm, seed) for arm in study.arms for seed in study.seeds]
    scores: dict[str, list[ArmScores]] = {arm.name: [] for arm in study.arms}
    for arm, seed in tqdm(pairs, desc="Scoring", unit="arm"):
        scores[arm.name].append(scorer.score(arm, seed))
    costs = training_costs(study, out, by_work_dir)
    scored = Results(study=study, scores=scores, costs=costs)
    results = replace(
        scored,
        detections=scorer.detections(scored.reference),
        stability=scorer.stability(),
        warnings=[
            *few_scenes,
            *warning_lines(
                (path, read_run_record(path)) for path in sorted(by_work_dir)
            ),
        ],
    )
    write_results(results, results_folder(study, out))
    return results


def _few_scenes(study: Study) -> list[str]:
    """A warning where the test store has few scenes for intervals over them."""
    if not study.questions:
        return []
    path = study.stores["test"]
    number = TileStore(path).tiles["scene"].nunique()
    if number == 1:
        raise UserError(
            f"{path}: is of one scene, so nothing tells how another would differ; "
            "expected several to ask questions of: cut it into parts before it is cut "
            "into tiles"
        )
    if number >= _ENOUGH_SCENES:
        return []
    return [
        f"{path} is of {number} scenes, so the intervals over scenes are too narrow to "
        f"be trusted; {_ENOUGH_SCENES} or more are better"
    ]


def results_folder(study: Study, out: Path) -> Path:
    """Where a study's results go.

    Args:
        study: The study.
        out: The folder of its trainings.
    """
    return out / "results" / study.path.stem


class _Scorer:
    """Predicts each training's stores once, and scores arms on them."""

    def __init__(
        self, study: Study, out: Path, trainings: dict[Path, Training]
    ) -> None:
        self.study = study
        self.out = out
        self.trainings = trainings
        self.stores = {s: TileStore(study.stores[s]) for s in ("val", "test")}

    def score(self, arm: Arm, seed: int) -> ArmScores:
        answers = self._answers(arm, seed, "val")
        fit = fit_decision(answers, self._candidates(arm, answers.channels))
        name = self._checkpoint(arm, self._work_dir(arm, seed)).name
        return score_arm(self._answers(arm, seed, "test"), fit.rule, fit.iou, name)

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
        dumps = []
        for number in seeds:
            work_dir = self._work_dir(arm, number)
            checkpoint = self._checkpoint(arm, work_dir)
            home = work_dir
            if arm.weights:
                home = work_dir / FOLDER / arm.weights.name
            folder = home / f"{split}_predictions"
            dumps.append(predict_once(checkpoint, self.stores[split], folder))
        kind = arm.ensemble if len(dumps) > 1 else None
        return Answers(self.stores[split], dumps, kind)

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


def _next(seeds: Sequence[int], seed: int) -> int:
    return seeds[(list(seeds).index(seed) + 1) % len(seeds)]
