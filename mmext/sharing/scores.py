"""What a run measured of a checkpoint, each score with its store and its decision."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmext.engine.work_dir import (
    HistoryLine,
    Scores,
    read_test_record,
    salvage_history,
)
from mmext.errors import UserError
from mmext.inference.checkpoint import LoadedModel
from mmext.inference.fitted_decision import DECISION, fitted_decision
from mmext.models import UnionDecoder

#: Averaged weights, which say so here, have no score in the training's history.
_AVERAGED = "average"
_NAMES = ("iou", "precision", "recall", "f1")


@dataclass(frozen=True)
class Score:
    """Scores of one channel on one store.

    Attributes:
        store: Name of the store.
        role: What the store was for, in words.
        channel: ``target``, ``error``, ``union``, or of objects ``union, objects``.
        decision: By what was decided.
        values: ``iou``, ``precision``, ``recall``, ``f1``; None if not measured.
    """

    store: str
    role: str
    channel: str
    decision: str
    values: dict[str, float | None]


def found_scores(loaded: LoadedModel, checkpoint: Mapping[str, Any]) -> list[Score]:
    """All scores of a checkpoint that its run's folder has.

    A file that can't be read is left out, with a line that says so.

    Args:
        loaded: The model, from a checkpoint in a work directory.
        checkpoint: What ``read_checkpoint`` gave.

    Raises:
        UserError: The record of a fitted decision is damaged.
    """
    run = loaded.path.parent
    return [
        *_of_fit(checkpoint, loaded.path),
        *_of_test(run, loaded.sha256),
        *_of_training(run, loaded, checkpoint["meta"]),
    ]


def in_words(decoder: Mapping[str, Any] | None) -> str:
    """A decoder's settings for people."""
    given = {key: value for key, value in (decoder or {}).items() if key != "type"}
    try:
        settings = UnionDecoder(**given).settings
    except (TypeError, UserError):
        return "another decoder"
    threshold = settings["threshold"]
    if isinstance(threshold, dict):
        shown = ", ".join(f"{name} > {level:g}" for name, level in threshold.items())
    else:
        shown = f"> {threshold:g}"
    words = [f"{settings['mode']}, {shown}"]
    if settings["mode"] in ("touching", "hysteresis"):
        words.append(f"confident > {settings['confident']:g}")
    if settings["grow"]:
        words.append(f"grown by {settings['grow']} px")
    return ", ".join(words)


def _of_fit(checkpoint: Mapping[str, Any], path: Path) -> Iterator[Score]:
    fitted = fitted_decision(checkpoint, path)
    if fitted is None:
        return
    decoder, record = fitted
    store, none = Path(record.store).name, dict.fromkeys(_NAMES)
    role = f"validation: the best of {record.candidates} decisions was chosen on it"
    decision = in_words(decoder.settings)
    yield Score(store, role, "mask", decision, {**none, "iou": record.iou})
    before = {**none, "iou": record.iou_before}
    yield Score(store, "validation", "mask", "as before that choice", before)


def _of_test(run: Path, sha256: str) -> Iterator[Score]:
    try:
        record = read_test_record(run)
    except UserError as error:
        print(f"{error}; left out of the model card")
        return
    if record is None or record["sha256"] != sha256:
        return
    decision = in_words(record["decoder"])
    if record["tta"]:
        decision += ", mean over mirror images"
    store = Path(record["store"] or "unknown").name
    channels: dict[str, dict[str, Any]] = {}
    for name, value in record["metrics"].items():
        channel, _, score = name.partition("/")[2].rpartition(".")
        channels.setdefault(channel, {})[score] = value
    for channel, values in channels.items():
        if "iou" in values:
            shown = {name: values.get(name) for name in _NAMES}
            yield Score(store, "test, by mmext test", channel, decision, shown)


def _of_training(
    run: Path, loaded: LoadedModel, meta: Mapping[str, Any]
) -> Iterator[Score]:
    if _AVERAGED in meta:
        return
    lines, complaints = salvage_history(run)
    for complaint in complaints:
        print(f"{complaint}; left out of the model card")
    for line in lines:
        if line["epoch"] == loaded.epoch:
            yield from _of_line(line, loaded.config, DECISION in meta)


def _of_line(line: HistoryLine, config: Config, fitted: bool) -> Iterator[Score]:
    # The data are those of the loop that ran between epochs, whatever their prefix.
    dataset = (config.get("val_dataloader") or {}).get("dataset") or {}
    tested = (config.get("test_dataloader") or {}).get("dataset") or {}
    store = str(dataset.get("store") or "unknown")
    role = f"scored after epoch {line['epoch']} of the training"
    if store == str(tested.get("store")):
        role += "; also the config's test store"
    decoder = config.model.get("decoder")
    decision = "as the training decided" if fitted else in_words(decoder)
    scores = line.get("val") or line.get("test") or {}
    for channel, values in _channels(scores):
        shown = {name: values.get(name) for name in _NAMES}
        yield Score(Path(store).name, role, channel, decision, shown)


def _channels(scores: Scores) -> Iterator[tuple[str, dict[str, Any]]]:
    for channel, values in scores.items():
        if isinstance(values, dict) and "iou" in values:
            yield channel, values
    objects = scores.get("objects")
    if isinstance(objects, dict):
        for channel, values in objects.items():
            if isinstance(values, dict):
                yield f"{channel}, objects", values
