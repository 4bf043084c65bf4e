"""Reading what trainings left behind."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config

from mmext.engine.work_dir import (
    RUN_RECORD,
    HistoryLine,
    Lineage,
    RunRecord,
    read_history,
    read_run_record,
    resolved_config_path,
)
from mmext.errors import UserError
from mmext.inference.config_data import read_resolved_config


@dataclass(frozen=True)
class Run:
    """One work directory.

    Attributes:
        path: The directory.
        record: ``run.json``.
        history: ``history.jsonl``, a dict per epoch.
    """

    path: Path
    record: RunRecord
    history: list[HistoryLine]

    @property
    def name(self) -> str:
        """The config's name."""
        return self.record["config"]

    @property
    def config_path(self) -> Path:
        """Where its resolved config is, if the training came to write it."""
        return resolved_config_path(self.path, self.name)

    def read_config(self) -> Config:
        """The config as it was trained.

        Raises:
            UserError: It is not there, or holds more than plain values.
        """
        return read_resolved_config(self.config_path)

    @property
    def seed(self) -> int:
        """The experiment's seed, or a branch's own."""
        return self.record["seed"]

    @property
    def finished(self) -> bool:
        """Whether the training came to its end, planned or stopped early."""
        return self.record["state"] in ("finished", "stopped early")

    @property
    def last_epoch(self) -> int:
        """Number of the last finished epoch."""
        return int(self.history[-1]["epoch"])

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the training store; empty if not recorded."""
        return self.record.get("store_fingerprint") or ""

    @property
    def epoch_scale(self) -> float:
        """The run's length as a multiple of the paper's."""
        return float(self.record.get("epoch_scale") or 1)

    @property
    def lineage(self) -> Lineage | dict[str, Any]:
        """``parent``, ``epoch`` and ``use``; empty if it starts from nothing."""
        return self.record.get("lineage") or {}

    @property
    def parents(self) -> list[str]:
        """Names of the runs that it grows from."""
        named = self.lineage.get("parent", [])
        return [named] if isinstance(named, str) else list(named)

    @property
    def scored_set(self) -> str:
        """What every epoch was scored on: ``test``, or ``val``."""
        return "val" if any(line.get("val") for line in self.history) else "test"

    @property
    def decided_by(self) -> str:
        """The mask that this run decides by: ``union``, or its one channel."""
        # Not every line has scores: an epoch may still wait for its validation.
        names = {
            name
            for line in self.history
            for scores in (line.get("train"), line.get("val"), line.get("test"))
            for name in scores or {}
        }
        return "union" if "union" in names else "target"

    def epochs(self) -> np.ndarray:
        """(E,) epoch numbers."""
        return np.array([line["epoch"] for line in self.history])

    def series(self, *keys: str) -> np.ndarray:
        """(E,) values below nested keys, NaN where a line has none.

        The key ``test`` stands for whatever set the epochs were scored on.
        """
        if keys[0] == "test":
            keys = (self.scored_set, *keys[1:])
        return np.array([_dig(line, keys) for line in self.history], float)


def find_runs(paths: Sequence[Path]) -> tuple[list[Run], list[str]]:
    """Runs in work directories, or in folders that hold some.

    Args:
        paths: Work directories or folders above them.

    Returns:
        The runs that can be read, each once, and a line for each directory that is
        missing or incomplete, for each run that has not ended as planned, and for
        each warning that trainings gave.

    Raises:
        UserError: There is no run at all.
    """
    runs: dict[Path, Run] = {}
    notes: list[str] = []
    for path in paths:
        if not path.is_dir():
            notes.append(f"{path}: no such work directory")
            continue
        records = sorted(path.glob(f"**/{RUN_RECORD}"))
        if not records:
            notes.append(f"{path}: holds no {RUN_RECORD}, left out")
        for file in records:
            if file.parent.resolve() in runs:
                continue
            run, note = _read_run(file.parent)
            if run is not None:
                runs[file.parent.resolve()] = run
            if note:
                notes.append(note)
    if not runs:
        raise UserError(f"no run to report: {'; '.join(notes) or 'no directory given'}")
    said = warning_lines((run.path, run.record) for run in runs.values())
    return list(runs.values()), [*notes, *said]


def warning_lines(records: Iterable[tuple[Path, RunRecord]]) -> list[str]:
    """What trainings warned of, a line for each warning.

    A branch inherits its parent's warnings: a line names all that have it.

    Args:
        records: Work directories with their records.
    """
    names: dict[str, list[str]] = {}
    for path, record in records:
        for warning in record.get("warnings", []):
            names.setdefault(warning["message"], []).append(str(path))
    return [f"{', '.join(paths)}: {message}" for message, paths in names.items()]


def _read_run(path: Path) -> tuple[Run | None, str]:
    try:
        record, history = read_run_record(path), read_history(path)
    except UserError as error:
        return None, f"{error}, left out"
    if not history:
        return None, f"{path}: has no finished epoch, left out"
    run = Run(path=path, record=record, history=history)
    state, reason = record["state"], record.get("reason")
    if state == "finished":
        return run, ""
    if reason:
        return run, f"{path}: {state}: {reason}"
    return run, f"{path}: unfinished, epoch {run.last_epoch} of {record['epochs']}"


def _dig(line: HistoryLine, keys: Sequence[str]) -> float:
    value: Any = line
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
        if value is None:
            return float("nan")
    return float(value)
