"""Will trainings keep the checkpoints that a study asks for? Said before they run."""

from collections.abc import Mapping

from mmext.engine.build_config import load_config
from mmext.engine.work_dir import checkpoints
from mmext.errors import UserError

from .arm_weights import complaint_of_late_ones
from .epoch_sums import thinned
from .schedule import Training
from .stability import MIN_EPOCHS
from .study_file import Arm, Study


def refuse_unkept(study: Study, trainings: Mapping[str, Training]) -> None:
    """Refuse a study whose arms need checkpoints that no training will keep.

    Args:
        study: The study.
        trainings: One of each name. Those that are finished speak by their files.

    Raises:
        UserError: An average, an early stopping or a steadiness has too few of them, or
            an early stopping of all epochs only the last ones.
    """
    for arm in study.arms:
        training = trainings[arm.training]
        if training.finished:
            continue
        needed, found = _needed_and_planned(study, arm, training)
        if len(found) < needed:
            raise UserError(
                f"{study.path}: arm {arm.name!r} needs {needed} checkpoints or more of "
                f"{arm.training}, which will keep {len(found)} that count; options of "
                "default_hooks.checkpoint say which (interval, max_keep_ckpts)"
            )
        if arm.weights and arm.weights.best and arm.weights.last is None:
            whole = [*_planned_of_parents(training, trainings), *found]
            late = complaint_of_late_ones(thinned(whole, arm.weights.every or 1))
            if late:
                raise UserError(f"{study.path}: arm {arm.name!r}: {late}")


def planned_epochs(training: Training) -> list[int]:
    """The epochs, rising, whose checkpoints there will be at a training's end."""
    config = load_config(training.config_path, dict(training.options))
    hook = config.default_hooks.get("checkpoint") or {}
    interval, kept = hook.get("interval", 1), hook.get("max_keep_ckpts", 2)
    lineage = config.get("lineage") or {}
    grown = 0 if lineage.get("use", "bank") == "bank" else lineage["epoch"]
    saved = [
        epoch
        for epoch in range(grown + 1, training.epochs + 1)
        if epoch % interval == 0 or epoch == training.epochs
    ]
    return saved[-kept:] if kept > 0 else saved


def _planned_of_parents(
    training: Training, trainings: Mapping[str, Training]
) -> list[int]:
    """Epochs that will be kept of what a training continues, rising."""
    config = load_config(training.config_path, dict(training.options))
    lineage = config.get("lineage") or {}
    if lineage.get("use", "bank") == "bank":
        return []
    parent = trainings[training.parents[0].name]
    finished = parent.finished
    kept = sorted(checkpoints(parent.work_dir)) if finished else planned_epochs(parent)
    own = [epoch for epoch in kept if epoch <= lineage["epoch"]]
    return [*_planned_of_parents(parent, trainings), *own]


def _needed_and_planned(
    study: Study, arm: Arm, training: Training
) -> tuple[int, list[int]]:
    if arm.weights is not None and not arm.weights.batch_norm:
        return 2, _last(planned_epochs(training), arm.weights.window)
    if arm.stability and study.stability is not None:
        last = _last(planned_epochs(training), study.stability.last)
        return MIN_EPOCHS, thinned(last, study.stability.every)
    return 0, []


def _last(epochs: list[int], number: int | None) -> list[int]:
    return [e for e in epochs if number is None or e > epochs[-1] - number]
