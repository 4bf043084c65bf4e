"""Both stages of an experiment on the test tiles."""

from dataclasses import dataclass, field
from pathlib import Path

from mmext.errors import UserError
from mmext.evaluation.tile_scores import TileScores, score_tiles
from mmext.reporting.predictions import TestPredictions, predict_test_store
from mmext.reporting.runs import Run

from .experiment import Experiment


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
            return predict_test_store(run, elsewhere)
        except UserError as error:
            result.notes.append(f"left out: {error}")
            return None

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
