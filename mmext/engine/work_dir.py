"""The files of a work directory: what they are called, what they hold, reading them.

``docs/architecture.md``, "A work directory", describes them. What is read here was
perhaps copied, cut or edited by hand, so each file is compared with what it must hold
before anyone uses it.
"""

import json
import math
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import with_config
from typing_extensions import Required, TypeAliasType, TypedDict

from mmext.checked import Count, Index, NotNegative, Positive, parse_json, read_json
from mmext.errors import UserError
from mmext.fileio import atomic_path

RUN_RECORD = "run.json"
HISTORY = "history.jsonl"
TEST_RECORD = "test_record.json"
#: What a pre-training ends with.
ENCODER = "encoder.pth"
#: What a run that is overwritten leaves to nobody.
RESULTS = (
    "epoch_*.pth",
    "best_*.pth",
    "last_checkpoint",
    "error_bank_epoch_*.npz",
    ENCODER,
    HISTORY,
)
_MAX_HISTORY_BYTES = 1 << 30

Scores = TypeAliasType("Scores", "dict[str, int | float | Scores | None]")
#: How a training stands: under way or killed, at its end, ended by a hook that saw no
#: gain, or ended by an error.
State = Literal["running", "finished", "stopped early", "failed"]


class Lineage(TypedDict):
    """What a run grew from: one parent, or several whose banks are put together."""

    parent: str | list[str]
    epoch: Index
    use: Literal["branch", "continue", "bank"]


class RunWarning(TypedDict):
    """Something that makes a run's results doubtful, as it was said in the log."""

    kind: str
    epoch: Index
    message: str


@with_config(extra="allow")
class RunRecord(TypedDict, total=False):
    """``run.json``. Older ones lack what is not required."""

    config: Required[str]
    seed: Required[int]
    epochs: Required[Count]
    state: Required[State]
    trained_epochs: Index
    reason: str | None
    warnings: list[RunWarning]
    epoch_scale: Positive
    lineage: Lineage | None
    store_fingerprint: str | None
    versions: dict[str, str]
    hardware: dict[str, Any]
    processes: Count
    seconds: NotNegative


@with_config(extra="allow")
class HistoryLine(TypedDict, total=False):
    """One epoch in ``history.jsonl``."""

    epoch: Required[Count]
    stage: int
    seconds: NotNegative
    lr: float | None
    loss: dict[str, int | float | None]
    train: Scores
    val: Scores
    test: Scores
    cfdr: dict[str, int | float | None]


class ScoreRecord(TypedDict):
    """``test_record.json``: of what ``mmext test`` last wrote the scores."""

    checkpoint: str
    sha256: str
    store: str | None
    decoder: dict[str, Any] | None
    tta: bool
    metrics: dict[str, int | float | None]


def checkpoint_path(work_dir: Path, epoch: int) -> Path:
    """Where a run keeps its checkpoint after ``epoch`` epochs."""
    return work_dir / f"epoch_{epoch}.pth"


def checkpoints(work_dir: Path) -> dict[int, Path]:
    """A run's checkpoints by epoch, newest first."""
    found = {}
    for path in work_dir.glob("epoch_*.pth"):
        if number := re.fullmatch(r"epoch_(\d+)", path.stem):
            found[int(number[1])] = path
    return {epoch: found[epoch] for epoch in sorted(found, reverse=True)}


def latest_checkpoint(work_dir: Path) -> Path | None:
    """The checkpoint with the highest epoch in a work directory."""
    return next(iter(checkpoints(work_dir).values()), None)


def last_checkpoints(
    work_dir: Path, last: int | None = None, least: int = 2
) -> dict[int, Path]:
    """The checkpoints that a run has kept of its last epochs, the oldest first.

    Args:
        work_dir: The run's work directory.
        last: How many epochs back from its newest checkpoint; None for all.
        least: How many there must be.

    Raises:
        UserError: There are fewer.
    """
    found = checkpoints(work_dir)
    newest = max(found, default=0)
    kept = {
        epoch: found[epoch]
        for epoch in sorted(found)
        if last is None or epoch > newest - last
    }
    if len(kept) < least:
        checkpoint = "checkpoint" if len(kept) == 1 else "checkpoints"
        window = "" if last is None else f" of its last {last} epochs"
        raise UserError(
            f"{work_dir}: keeps {len(kept)} {checkpoint}{window}, expected at least "
            f"{least}; default_hooks.checkpoint says which a training keeps (interval, "
            "max_keep_ckpts)"
        )
    return kept


def refuse_own_checkpoint(work_dir: Path, out: Path) -> None:
    """Refuse to write over a checkpoint that the run itself left, or would leave.

    Raises:
        UserError: ``out`` is one.
    """
    inside = out.resolve().parent == work_dir.resolve()
    if inside and any(out.match(pattern) for pattern in RESULTS):
        raise UserError(f"{out}: is a name of the run's own files, expected another")


def snapshot_path(work_dir: Path, epoch: int) -> Path:
    """Where a run keeps its error bank's snapshot after ``epoch`` epochs."""
    return work_dir / f"error_bank_epoch_{epoch}.npz"


def resolved_config_path(work_dir: Path, name: str) -> Path:
    """Where a run keeps its config as it was trained.

    Args:
        work_dir: The work directory.
        name: The config's name, ``run.json`` has it.
    """
    return work_dir / f"{name}.py"


def read_run_record(work_dir: Path) -> RunRecord:
    """A run's ``run.json``.

    Raises:
        UserError: It is missing, damaged, or holds something else.
    """
    return read_json(work_dir / RUN_RECORD, RunRecord)


def continued_runs(work_dir: Path) -> list[tuple[Path, int]]:
    """The runs that one branched from or continues, the oldest first.

    Returns:
        Of each the work directory, and how many of its epochs the next one went on
        from. Empty where a run began anew, with the bank of others or without.

    Raises:
        UserError: A ``run.json`` is missing, damaged, or holds something else.
    """
    lineage = read_run_record(work_dir).get("lineage")
    if lineage is None or lineage["use"] == "bank":
        return []
    parent = work_dir.with_name(str(lineage["parent"]))
    return [*continued_runs(parent), (parent, lineage["epoch"])]


def write_run_record(work_dir: Path, record: RunRecord) -> None:
    """Replace a run's ``run.json``."""
    with atomic_path(work_dir / RUN_RECORD) as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n")


def write_test_record(work_dir: Path, record: ScoreRecord) -> None:
    """Replace a folder's ``test_record.json``."""
    with atomic_path(work_dir / TEST_RECORD) as temporary:
        temporary.write_text(json.dumps(_without_nan(record), indent=2) + "\n")


def read_test_record(work_dir: Path) -> ScoreRecord | None:
    """A folder's ``test_record.json``; None if there is none.

    Raises:
        UserError: It is damaged, or holds something else.
    """
    path = work_dir / TEST_RECORD
    return read_json(path, ScoreRecord) if path.is_file() else None


def read_history(work_dir: Path) -> list[HistoryLine]:
    """All lines of a run's ``history.jsonl``; empty if there is none.

    Raises:
        UserError: A line is damaged, holds something else, or its epoch does not
            follow those before it.
    """
    lines, complaints = salvage_history(work_dir)
    if complaints:
        raise UserError(complaints[0])
    return lines


def salvage_history(work_dir: Path) -> tuple[list[HistoryLine], list[str]]:
    """The lines of a run's ``history.jsonl`` that can be read.

    Returns:
        Those lines, and a complaint for each of the others.
    """
    path = work_dir / HISTORY
    if not path.exists():
        return [], []
    try:
        if path.stat().st_size > _MAX_HISTORY_BYTES:
            return [], [f"{path}: {path.stat().st_size} bytes, too large for a history"]
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return [], [f"{path}: can't be read ({error.strerror})"]
    return parse_history(text, str(path))


def parse_history(text: str, where: str) -> tuple[list[HistoryLine], list[str]]:
    """Lines of a history that can be read, and complaints about the others.

    Args:
        text: A JSON object a line.
        where: The file, for complaints.
    """
    lines: list[HistoryLine] = []
    complaints: list[str] = []
    for number, row in enumerate(text.splitlines(), start=1):
        place = f"{where} line {number}"
        try:
            line = parse_json(row, HistoryLine, place)
        except UserError as error:
            complaints.append(str(error))
            continue
        if lines and line["epoch"] <= lines[-1]["epoch"]:
            complaints.append(
                f"{place}: epoch {line['epoch']} after epoch {lines[-1]['epoch']}, "
                "expected a later one"
            )
            continue
        lines.append(line)
    return lines, complaints


def history_text(lines: list[HistoryLine]) -> str:
    """Lines of a history as they are written; NaN and infinity become null."""
    return "".join(
        json.dumps(_without_nan(line), allow_nan=False) + "\n" for line in lines
    )


def write_history(work_dir: Path, lines: list[HistoryLine]) -> None:
    """Replace a run's ``history.jsonl``."""
    with atomic_path(work_dir / HISTORY) as temporary:
        temporary.write_text(history_text(lines))


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
