"""What a checkpoint decides on a store, counted scene by scene and kept."""

import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from mmengine.device import get_device
from torch import nn

from mmext.checked import Index, read_json, settings
from mmext.datasets.tile_store import TileStore
from mmext.evaluation.answers import SceneLogits, put_together, scene_tiles
from mmext.evaluation.confusion import confusion
from mmext.evaluation.decision_rule import DecisionRule
from mmext.fileio import atomic_path
from mmext.inference.checkpoint import load_model
from mmext.inference.checkpoint_file import file_identity
from mmext.inference.prediction_dump import dumped_logits
from mmext.inference.store_pass import predict_tiles


@settings
class _KeptSums:
    """The sums of one checkpoint on one store, and what they are of."""

    checkpoint: tuple[str, int, int]
    fingerprint: str
    sums: list[tuple[Index, Index, Index]]


def epoch_sums(checkpoint: Path, store: TileStore, folder: Path) -> np.ndarray:
    """TP, FP and FN of a checkpoint, decided as it was trained; counted only once.

    No logits are written: many checkpoints of a training can be looked at.

    Args:
        checkpoint: The checkpoint.
        store: The tiles.
        folder: Where the sums are kept, a file for each checkpoint.

    Returns:
        (U, 3) int64, the scenes in the order of their names.
    """
    path = folder / f"{checkpoint.stem}.json"
    current = file_identity(checkpoint)
    if path.exists():
        kept = read_json(path, _KeptSums)
        if ([*kept.checkpoint], kept.fingerprint) == (current, store.fingerprint):
            return np.array(kept.sums)
    sums = count_scenes(load_model(checkpoint, get_device()).model, store)
    folder.mkdir(parents=True, exist_ok=True)
    content = dict(
        checkpoint=current, fingerprint=store.fingerprint, sums=sums.tolist()
    )
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content) + "\n")
    return sums


def thinned(epochs: Iterable[int], every: int) -> list[int]:
    """Epochs, rising, that are at least ``every`` apart; the last one is among them."""
    chosen: list[int] = []
    for epoch in sorted(epochs, reverse=True):
        if not chosen or chosen[-1] - epoch >= every:
            chosen.append(epoch)
    return chosen[::-1]


def count_scenes(model: nn.Module, store: TileStore) -> np.ndarray:
    """Predict, decide as trained, and count.

    Args:
        model: A ``BinarySegmentor``.
        store: The tiles.

    Returns:
        (U, 3) int64 TP, FP and FN, the scenes in the order of their names. The same
        as a dump of the model's predictions gives.
    """
    rule = DecisionRule(model.union_decoder.settings)
    found = []
    for scene in _predicted_scenes(model, store):
        counts = confusion(rule.mask(scene, model.channels), scene.target)
        found.append((counts.tp, counts.fp, counts.fn))
    return np.array(found)


def _predicted_scenes(model: nn.Module, store: TileStore) -> Iterator[SceneLogits]:
    scenes = scene_tiles(store)
    in_order = np.concatenate(list(scenes.values()))
    logits = (
        tile
        for batch in predict_tiles(model, store, in_order)
        for tile in dumped_logits(batch.probabilities)
    )
    for tiles in scenes.values():
        of_scene = itertools.islice(logits, len(tiles))
        yield put_together(
            store, tiles, (tile.astype(np.float32) for tile in of_scene), model.channels
        )
