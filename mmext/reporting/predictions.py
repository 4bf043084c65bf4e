"""What a run's newest checkpoint says of its test tiles."""

import os
from dataclasses import dataclass
from pathlib import Path

from mmengine.device import get_device

from mmext.datasets.sample_store import open_store
from mmext.datasets.tile_store import TileStore
from mmext.engine.work_dir import checkpoints
from mmext.errors import UserError
from mmext.inference.checkpoint import load_model, read_checkpoint
from mmext.inference.checkpoint_file import file_identity
from mmext.inference.fitted_decision import fitted_decision
from mmext.inference.prediction_dump import (
    PredictionDump,
    dump_predictions,
    load_predictions,
)

from .runs import Run

DUMP_NAME = "test_predictions"
_DECIDED = "_decided"


@dataclass(frozen=True)
class TestPredictions:
    """Answers and the tiles that they are for.

    Attributes:
        run: The run whose checkpoint answered.
        epoch: The checkpoint's epoch.
        store: The tiles.
        dump: The answers.
        decision: What its decision was fitted on and how; None as trained.
    """

    __test__ = False  # no test, whatever pytest thinks of the name

    run: Run
    epoch: int
    store: TileStore
    dump: PredictionDump
    decision: str | None = None


def predict_test_store(run: Run, elsewhere: Path) -> TestPredictions:
    """Predict the test store of a run's config with its newest checkpoint.

    Where ``mmext fit-decision`` left a copy of it, that copy answers.

    The answers stay in the work directory as ``test_predictions`` and are read
    from there until there is a newer checkpoint or another store.

    Args:
        run: The run.
        elsewhere: A folder for the answers if the work directory is read-only.

    Raises:
        UserError: There is no checkpoint, or the store is gone.
    """
    _newest_checkpoint(run)  # before anything is looked for that answers would need
    writable = os.access(run.path, os.W_OK)
    folder = run.path / DUMP_NAME if writable else elsewhere / run.name
    return predict_store(run, open_store(test_store_path(run)), folder)


def predict_store(run: Run, store: TileStore, folder: Path) -> TestPredictions:
    """Predict a store with a run's newest checkpoint.

    Where ``mmext fit-decision`` left a copy of it, that copy answers.

    Args:
        run: The run.
        store: The tiles.
        folder: Where the answers are kept, see :func:`predict_once`.

    Raises:
        UserError: There is no checkpoint, or the fitted copy is older than it.
    """
    epoch, checkpoint = _newest_checkpoint(run)
    decided = decided_path(checkpoint)
    if not decided.is_file():
        return TestPredictions(
            run, epoch, store, predict_once(checkpoint, store, folder)
        )
    if decided.stat().st_mtime < checkpoint.stat().st_mtime:
        raise UserError(
            f"{decided}: is older than {checkpoint.name}; call 'mmext fit-decision' "
            "again, or delete it"
        )
    fitted = fitted_decision(read_checkpoint(decided), decided)
    decision = fitted and f"as fitted on {fitted[1].store}: {fitted[0].settings}"
    dump = predict_once(decided, store, folder)
    return TestPredictions(run, epoch, store, dump, decision)


def _newest_checkpoint(run: Run) -> tuple[int, Path]:
    found = checkpoints(run.path)
    if not found:
        raise UserError(f"{run.path}: has no checkpoint")
    return next(iter(found.items()))


def decided_path(checkpoint: Path) -> Path:
    """Where the copy of a checkpoint lies whose decision was fitted."""
    stem = checkpoint.stem.removesuffix(_DECIDED)
    return checkpoint.with_name(f"{stem}{_DECIDED}.pth")


def predict_once(checkpoint: Path, store: TileStore, folder: Path) -> PredictionDump:
    """A checkpoint's answers to a store, predicted only if ``folder`` has others.

    Args:
        checkpoint: The checkpoint.
        store: The tiles.
        folder: Where the answers are kept.
    """
    identity = file_identity(checkpoint)
    if not _is_current(folder, identity, store):
        loaded = load_model(checkpoint, get_device())
        about = {"checkpoint": identity, "sha256": loaded.sha256}
        dump_predictions(loaded.model, store, folder, about)
    return load_predictions(folder)


def test_store_path(run: Run) -> str:
    """Where a run's config says that the test tiles are.

    Raises:
        UserError: The work directory holds no resolved config, or no tiles are tested.
    """
    dataset = run.read_config().test_dataloader.dataset
    if not dataset.get("store"):
        raise UserError(f"{run.path}: is tested on {dataset.type}, not on a tile store")
    return dataset.store


test_store_path.__test__ = False  # type: ignore[attr-defined]


def _is_current(folder: Path, identity: list[str | int], store: TileStore) -> bool:
    if not (folder / "dump.json").is_file():
        return False
    meta = load_predictions(folder).meta
    return (meta.get("checkpoint"), meta["fingerprint"]) == (
        identity,
        store.fingerprint,
    )
