"""Reading what trainings left behind."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmext.errors import UserError

#: The four cases and the links that they and their comparison rest on.
STAGE1 = ("stage1_trunk", "stage1_A", "stage1_B", "stage1_baseline")
CASES = ("A100-200", "A100-250", "B100-250", "B100-300")


@dataclass(frozen=True)
class Run:
    """One work directory.

    Attributes:
        path: The directory.
        record: ``run.json``.
        history: ``history.jsonl``, a dict per epoch.
    """

    path: Path
    record: dict[str, Any]
    history: list[dict[str, Any]]

    @property
    def name(self) -> str:
        """The config's name."""
        return self.record["config"]

    @property
    def seed(self) -> int:
        """The experiment's seed, or a branch's own."""
        return self.record["seed"]

    @property
    def finished(self) -> bool:
        """Whether the training came to its end."""
        return self.record["state"] == "finished"

    @property
    def decided(self) -> str:
        """Name of the mask that this run decides by: union, or its one channel."""
        # Not every line has scores: an epoch may still wait for its validation.
        names = {
            name
            for line in self.history
            for part in ("train", "val", "test")
            for name in line.get(part) or {}
        }
        return "union" if "union" in names else "target"

    def epochs(self) -> np.ndarray:
        """(E,) epoch numbers."""
        return np.array([line["epoch"] for line in self.history])

    def series(self, *keys: str) -> np.ndarray:
        """(E,) values below nested keys, NaN where a line has none."""
        return np.array([_dig(line, keys) for line in self.history], float)


def find_runs(paths: Sequence[Path]) -> tuple[list[Run], list[str]]:
    """Runs in work directories, or in folders that hold some.

    Args:
        paths: Work directories or folders above them.

    Returns:
        The runs that can be read, and a line for each that is missing something or
        has not ended.

    Raises:
        UserError: A path does not exist, or there is no run at all.
    """
    runs: list[Run] = []
    notes: list[str] = []
    for path in paths:
        if not path.is_dir():
            raise UserError(f"{path}: no such work directory")
        records = sorted(path.glob("**/run.json"))
        if not records:
            notes.append(f"{path}: holds no run.json, left out")
        for file in records:
            run, note = _read_run(file.parent)
            if run is not None:
                runs.append(run)
            if note:
                notes.append(note)
    if not runs:
        raise UserError(f"{', '.join(map(str, paths))}: no run to report")
    return runs, notes


def _read_run(path: Path) -> tuple[Run | None, str]:
    history = path / "history.jsonl"
    lines = history.read_text().splitlines() if history.is_file() else []
    if not lines:
        return None, f"{path}: has no finished epoch, left out"
    run = Run(
        path=path,
        record=json.loads((path / "run.json").read_text()),
        history=[json.loads(line) for line in lines],
    )
    if run.finished:
        return run, ""
    done, planned = run.history[-1]["epoch"], run.record["epochs"]
    return run, f"{path}: unfinished, epoch {done} of {planned}"


def _dig(line: dict[str, Any], keys: Sequence[str]) -> float:
    value: Any = line
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
        if value is None:
            return float("nan")
    return float(value)
