"""The decision of a trained model, fitted on validation data."""

from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config
from mmengine.device import get_device

from mmext.datasets.sample_store import open_store
from mmext.datasets.tile_store import TileStore
from mmext.engine.work_dir import latest_checkpoint
from mmext.errors import UserError
from mmext.evaluation.answers import Answers
from mmext.evaluation.correctness_fit import LEAST_OBJECTS, fit_correctness
from mmext.evaluation.decision_fit import DecisionFit, fit_decision
from mmext.evaluation.decision_rule import DecisionRule
from mmext.evaluation.scored_objects import scored_objects
from mmext.evaluation.standard_rules import standard_rules
from mmext.fileio.leftovers import hidden_name, remove
from mmext.inference.checkpoint import load_model
from mmext.inference.correctness import Correctness
from mmext.inference.fitted_decision import (
    DecisionRecord,
    refuse_original,
    write_decided,
)
from mmext.inference.model_folder import is_model_folder
from mmext.inference.prediction_dump import dump_predictions, load_predictions
from mmext.models import UnionDecoder

from .decision_curve import curve_table, draw_curve, write_curve
from .predictions import decided_path
from .style import save_figure, styled


@dataclass(frozen=True)
class FittedRun:
    """What was fitted and written.

    Attributes:
        checkpoint: What was fitted.
        out: The copy that decides by it.
        fit: The candidates, the decision that the checkpoint had first.
        correctness: The probability that an object is correct; None of too few.
        warnings: A line for each thing that a reader of scores must know.
    """

    checkpoint: Path
    out: Path
    fit: DecisionFit
    correctness: Correctness | None
    warnings: list[str]


def fit_run(run: Path, store_path: Path, out: Path | None = None) -> FittedRun:
    """Fit a model's decision on a store and write a checkpoint that decides by it.

    And, on the objects that the decision makes of the store, how likely one is correct.

    The candidates are those of
    :func:`~mmext.evaluation.standard_rules.standard_rules` for the model's channels.

    Args:
        run: A work directory, of which the newest checkpoint is taken, or a checkpoint.
        store_path: The validation store.
        out: The file to write; by default ``NAME_decided.pth`` beside the checkpoint.
            The validation curve lies beside it, as CSV, PNG and SVG.

    Raises:
        UserError: There is no checkpoint, the store is the one that it was trained on
            or has no target, or ``out`` is there and no earlier result.
    """
    checkpoint = _checkpoint(run)
    out = out or decided_path(checkpoint)
    refuse_original(out)
    store = TileStore(store_path)
    loaded = load_model(checkpoint, get_device())
    if loaded.store.get("fingerprint") == store.fingerprint or _is_of(
        "train_dataloader", store, loaded.config
    ):
        raise UserError(
            f"{store_path}: is the store that {checkpoint} was trained on, expected "
            "another: a decision is chosen on data that training hasn't seen"
        )
    before: UnionDecoder = loaded.model.union_decoder
    channels = tuple(loaded.model.channels)
    rules = [DecisionRule(before.settings), *standard_rules(channels)]
    answers_path = out.with_name(hidden_name(out.with_suffix(".answers"), "tmp"))
    try:
        dump_predictions(loaded.model, store, answers_path)
        answers = Answers(store, [load_predictions(answers_path)])
        fit = fit_decision(answers, rules)
        side = store.meta["pixel_size_m"]
        objects = scored_objects(answers, fit.rule, side**2 if side else 1.0)
    finally:
        remove(answers_path)
    correctness = fit_correctness(objects.table)
    table = curve_table(fit, channels)
    curve = out.with_name(f"{out.stem}_curve")
    write_curve(table, curve.with_suffix(".csv"))
    with styled():
        save_figure(draw_curve(table, 0, store.path.name), curve)
    record = DecisionRecord(
        store=str(store_path),
        fingerprint=store.fingerprint,
        candidates=len(rules),
        iou=fit.iou,
        iou_before=fit.counts[0].iou,
        correctness=correctness,
        scenes=tuple((of.tp, of.fp, of.fn, of.tn) for of in objects.pixels),
    )
    write_decided(checkpoint, out, UnionDecoder(**fit.rule.decoder), record)
    warnings = _few_objects(correctness, len(objects.table))
    warnings += _warnings(fit, store, loaded.config)
    return FittedRun(checkpoint, out, fit, correctness, warnings)


def _checkpoint(run: Path) -> Path:
    if not run.is_dir() or is_model_folder(run):
        return run
    found = latest_checkpoint(run)
    if found is None:
        raise UserError(f"{run}: has no checkpoint, expected epoch_N.pth")
    return found


def _warnings(fit: DecisionFit, store: TileStore, config: Config) -> list[str]:
    # The decision that the model had may lie anywhere: no grid has it as its edge.
    grid = DecisionFit(fit.rules[1:], fit.counts[1:])
    edges = grid.edges if fit.index > 0 else []
    found = [f"{edge}: the best may lie beyond" for edge in edges]
    if _is_of("test_dataloader", store, config):
        found.append(
            f"{store.path}: is also the test store of its config; scores on it are no "
            "longer of data that chose nothing"
        )
    return found


def _few_objects(correctness: Correctness | None, objects: int) -> list[str]:
    if correctness is None:
        return [
            f"{objects} objects, expected at least {LEAST_OBJECTS}: too few to say how "
            "likely one is correct; maps won't say it"
        ]
    if not correctness.terms:
        return [
            f"{correctness.correct} of {objects} objects are correct: too few of a "
            "kind to tell them apart; every object gets the same probability"
        ]
    return []


def _is_of(loader: str, store: TileStore, config: Config) -> bool:
    try:
        other = open_store(config[loader].dataset.store)
    except (AttributeError, KeyError, UserError):
        return False  # elsewhere, or gone: it can't be known
    return other.fingerprint == store.fingerprint
