"""A model card: what a model is, what was measured of it, and what it isn't for."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

import mmext
from mmext.engine.work_dir import RUN_RECORD, RunRecord, read_run_record
from mmext.errors import UserError
from mmext.inference.checkpoint import LoadedModel

from .scores import Score, in_words

_DOCS = "docs/does_it_help.md and docs/protocol.md of mmext"


def model_card(
    name: str,
    loaded: LoadedModel,
    checkpoint: Mapping[str, Any],
    scores: Sequence[Score],
) -> str:
    """The text of ``README.md``, with the front matter that model hubs read.

    Args:
        name: Of the model.
        loaded: The model.
        checkpoint: What ``read_checkpoint`` gave.
        scores: What was measured of it.
    """
    record = _record(loaded.path.parent)
    sections = (
        _front_matter(),
        [f"# {name}", "", *_summary(loaded)],
        ["## Use", "", *_use(name)],
        ["## Scores", "", *_scores(scores)],
        ["## Data", "", *_data(loaded.store)],
        ["## Training", "", *_training(loaded, checkpoint, record)],
        ["## Intended use and limits", "", *_limits(loaded, scores)],
        [
            "## Licence",
            "",
            "Unknown. Neither under which licence these weights are, nor on what terms "
            "the images and labels were had, is known to the program that wrote this. "
            "Who passes the model on must find out and say it here and above.",
        ],
    )
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def number_of_parameters(model: nn.Module) -> int:
    """How many numbers a training could change."""
    return sum(parameter.numel() for parameter in model.parameters())


def _front_matter() -> Iterator[str]:
    yield from ("---", "license: unknown", "library_name: mmext")
    yield from ("pipeline_tag: image-segmentation", "tags:")
    yield from ("- semantic-segmentation", "- remote-sensing", "- geospatial", "---")


def _summary(loaded: LoadedModel) -> Iterator[str]:
    yield (
        "Segments one kind of target in georeferenced images. What the target is, only "
        "its training labels say: to be filled in."
    )
    yield ""
    yield from _table(
        ("", ""),
        [
            (
                "network",
                f"{_kind(loaded)}, {number_of_parameters(loaded.model):,} parameters",
            ),
            ("channels", ", ".join(loaded.model.channels)),
            ("decides by", in_words(loaded.model.union_decoder.settings)),
        ],
    )


def _use(name: str) -> Iterator[str]:
    yield from ("```", "pip install 'mmext[share]'")
    yield from (f"mmext predict {name} scene.tif --out map", "```", "")
    yield (
        "The folder holds weights (`model.safetensors`), the resolved config "
        "(`config.py`, read as data, not executed), the checkpoint's record "
        "(`model.json`) and a STAC item (`item.json`)."
    )


def _scores(scores: Sequence[Score]) -> Iterator[str]:
    if not scores:
        yield "None were found beside the checkpoint."
        return
    yield from _table(
        ("store", "role", "channel", "decided by", "IoU", "precision", "recall", "F1"),
        [
            (
                score.store,
                score.role,
                score.channel,
                score.decision,
                *(_number(score.values.get(key)) for key in _SHOWN),
            )
            for score in scores
        ],
    )
    yield ""
    yield (
        "Of pixels, as ratios of sums over the store; of objects, recall and precision "
        "count those that are at least half covered. One training with one seed: no "
        "interval can be given, and a difference from another model that is not larger "
        "than what other seeds make is undecided. What was chosen on a store is "
        "flattered by it."
    )


_SHOWN = ("iou", "precision", "recall", "f1")


def _data(store: Mapping[str, Any]) -> Iterator[str]:
    if not store:
        yield "The checkpoint does not know what it was trained on."
        return
    ground, share = store.get("pixel_size_m"), store.get("positive_share")
    rows = [
        ("bands", ", ".join(store.get("bands", map(str, store["band_indexes"])))),
        ("data type", store["dtype"]),
        ("pixels on the ground", f"{ground:.3g} m" if ground else "unknown"),
        ("training tiles", _tiles(store)),
        ("share of target", f"{share:.2%}" if share is not None else "unknown"),
        ("fingerprint of the tile store", f"`{store.get('fingerprint', 'unknown')}`"),
    ]
    yield from _table(("", ""), rows)
    yield ""
    yield (
        "Where, when and by whom images and labels were made is not known to the "
        "program: to be filled in."
    )


def _tiles(store: Mapping[str, Any]) -> str:
    if "num_tiles" not in store:
        return "unknown"
    return f"{store['num_tiles']} of {store.get('tile_size', '?')} px"


def _training(
    loaded: LoadedModel, checkpoint: Mapping[str, Any], record: RunRecord | None
) -> Iterator[str]:
    meta = checkpoint["meta"]
    rows = [("epoch", str(loaded.epoch))]
    if "average" in meta:
        rows.append(("weights", f"average of {len(meta['average']['of'])} checkpoints"))
    elif "ema_state_dict" in checkpoint:  # beside it lie those that were trained
        rows.append(("weights", "exponential mean over the training's steps"))
    if record is not None:
        rows += [
            ("config", record["config"]),
            ("seed", str(record["seed"])),
            ("state of the run", record["state"]),
        ]
        if lineage := record.get("lineage"):
            grown = f"{lineage['parent']}, epoch {lineage['epoch']}, {lineage['use']}"
            rows.append(("grew from", grown))
    rows += [("written by", f"mmext {mmext.__version__}, torch {torch.__version__}")]
    yield from _table(("", ""), rows)
    warnings = [] if record is None else record.get("warnings", [])
    if warnings:
        yield ""
        yield "What makes these results doubtful, as the training said it:"
        yield ""
        for warning in warnings:
            yield f"* epoch {warning['epoch']}: {_cell(warning['message'])}"


def _limits(loaded: LoadedModel, scores: Sequence[Score]) -> Iterator[str]:
    store = loaded.store
    if store.get("pixel_size_m"):
        size = store["pixel_size_m"]
        yield (
            "* For scenes like those it was trained on: the same bands, "
            f"{size:.3g} m a pixel. Scenes with other bands, and with pixels more than "
            "1.25 times larger or smaller, are refused."
        )
    else:
        yield "* For scenes like those it was trained on, with the same bands."
    yield (
        "* Of other regions, seasons and sensors "
        + ("the scores above say nothing." if scores else "nothing was measured.")
    )
    yield (
        "* Probabilities are scores of a network, not calibrated; areas that are added "
        "up from a map are biased by its false positives and false negatives."
    )
    if len(loaded.model.channels) > 1:
        yield (
            "* It has a channel for errors. Whether that finds more than one threshold "
            f"on a single channel is undecided in general ({_DOCS}); compare it with "
            "stage 1 on data of your own."
        )
    yield (
        "* A map is a proposal: where a single object matters, someone should look at "
        "it."
    )


def _record(run: Path) -> RunRecord | None:
    if not (run / RUN_RECORD).is_file():
        return None
    try:
        return read_run_record(run)
    except UserError as error:
        print(f"{error}; left out of the model card")
        return None


def _kind(loaded: LoadedModel) -> str:
    return type(loaded.model.backbone).__name__


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"


def _cell(text: str) -> str:
    """Text that stays in its cell and is no HTML."""
    plain = " ".join(text.split()).replace("|", "\\|")
    return plain.replace("<", "&lt;")
