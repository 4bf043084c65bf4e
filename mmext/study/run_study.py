"""A study from its file to its results."""

from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from mmext.datasets.tile_store import TileStore
from mmext.engine.work_dir import read_run_record
from mmext.errors import UserError
from mmext.reporting.runs import warning_lines

from .cost import training_costs
from .planned_checkpoints import refuse_unkept
from .results import ArmScores, Results
from .schedule import needed_trainings, run_trainings
from .scorer import Scorer, answer_in_processes
from .study_file import Study
from .training_configs import write_training_configs
from .training_facts import training_facts
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
        jobs: Trainings at once, and when they are scored predictions.
        train: Whether to train; False only scores what is there.
        device: Of trainings and predictions that have processes of their own, see
            :func:`~mmext.inference.device.running_on`.

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
    if jobs > 1:
        answer_in_processes(study, out, by_work_dir, jobs, device)
    scorer = Scorer(study, out, by_work_dir)
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
        trainings=training_facts(trainings),
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
