"""A model's answer to every tile of a store, on disk."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import DTypeLike
from tqdm import tqdm
from typing_extensions import TypedDict

from mmext.checked import read_json
from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.fileio import atomic_path, open_array
from mmext.pixel_values import IGNORE
from mmext.structures.packed_bits import pack_masks, unpack_mask

from .class_codes import class_codes
from .scene_decision import TilePlace, decide_scenes
from .store_pass import predict_tiles

if TYPE_CHECKING:
    from mmext.models.segmentors import BinarySegmentor

FORMAT = 1
#: Beyond this a float32 probability is 0 or 1 anyway.
MAX_LOGIT = 20.0
_FILES = ("logits.npy", "mask.npy", "decided.npy")


class _Meta(TypedDict, extra_items=Any):  # type: ignore[call-arg]
    format: Literal[1]
    channels: list[str]
    fingerprint: str


@dataclass(frozen=True)
class PredictionDump:
    """What :func:`dump_predictions` wrote, memory-mapped.

    Attributes:
        logits: (N, K, H, W) float16, the log-odds of each channel, at most
            ``MAX_LOGIT`` from 0. A network that fits its training set is sure of
            itself: as log-odds its rare doubts keep their order, as eight-bit
            probabilities they would all be 0 or 1.
        meta: ``format``, ``channels`` (K names), ``fingerprint`` of the store, and
            what the caller said of the model.
    """

    logits: np.ndarray
    meta: dict[str, Any]
    _mask: np.ndarray
    _decided: np.ndarray

    def __len__(self) -> int:
        return len(self.logits)

    @property
    def channels(self) -> tuple[str, ...]:
        """The K channels' names."""
        return tuple(self.meta["channels"])

    def mask(self, tile: int) -> np.ndarray:
        """(H, W) bool: what the model's decoder decided."""
        return self._unpack(self._mask[tile])

    def decided(self, tile: int) -> dict[str, np.ndarray]:
        """(H, W) bool by channel: which of them said so."""
        return {
            name: self._unpack(bits)
            for name, bits in zip(self.channels, self._decided[tile], strict=True)
        }

    def codes(self, tile: int) -> np.ndarray:
        """(H, W) uint8, see :mod:`.class_codes`: which channels say what the mask does.

        A grown pixel that a channel sees, but that did not decide it, has the code of
        that channel; in a map's raster of classes it is grown.
        """
        mask = self.mask(tile)
        return class_codes(mask, self.decided(tile), np.ones_like(mask))

    def _unpack(self, bits: np.ndarray) -> np.ndarray:
        return unpack_mask(bits, *self.logits.shape[2:])


def dump_predictions(
    model: "BinarySegmentor",
    store: TileStore,
    path: str | os.PathLike[str],
    about: dict[str, Any] | None = None,
    batch_size: int = 16,
) -> None:
    """Predict every tile and write the answers; memory does not grow with the store.

    What a decoder decides by components, or grows, is decided of whole scenes, one at a
    time.

    Args:
        model: On any device.
        store: The tiles.
        path: The folder to write, replaced in one step.
        about: What the dump's ``meta`` says of the model, plain values.
        batch_size: Tiles a batch.

    Raises:
        UserError: A probability is NaN.
    """
    count, height, width = store.masks.shape
    shapes = _shapes(count, len(model.channels), height, width)
    with atomic_path(path) as folder:
        folder.mkdir(parents=True)
        logits, mask, decided = (
            np.lib.format.open_memmap(folder / name, "w+", np.dtype(dtype), shape)
            for name, (shape, dtype) in shapes.items()
        )
        # Only while the dump is made.
        parts: dict[str, np.ndarray] = {}
        for tiles in tqdm(
            predict_tiles(model, store, np.arange(count), batch_size),
            total=-(-count // batch_size),
            desc=f"Predicting {store.path.name}",
            unit="batch",
        ):
            ids = tiles.tile_ids
            logits[ids] = dumped_logits(tiles.probabilities)
            mask[ids] = pack_masks(tiles.mask)
            for index, name in enumerate(model.channels):
                decided[ids, index] = pack_masks(tiles.channels[name])
            for name, part in tiles.parts.items():
                if name not in parts:
                    parts[name] = np.lib.format.open_memmap(
                        folder / f"{name}.npy", "w+", np.uint8, mask.shape
                    )
                parts[name][ids] = pack_masks(part)
        if parts:
            _decide_scenes(store, mask, parts, model.union_decoder.grow)
        for name in parts:
            (folder / f"{name}.npy").unlink()
        for array in (logits, mask, decided):
            array.flush()
        text = {
            "format": FORMAT,
            "channels": list(model.channels),
            "fingerprint": store.fingerprint,
            **(about or {}),
        }
        (folder / "dump.json").write_text(json.dumps(text, indent=2) + "\n")


def dumped_logits(probabilities: torch.Tensor) -> np.ndarray:
    """Probabilities as a dump keeps them.

    Args:
        probabilities: In [0, 1], any shape, on any device.

    Returns:
        float16 log-odds of the same shape, at most ``MAX_LOGIT`` from 0.
    """
    # float64: near 1 the logit of a float32 is rough.
    odds = torch.logit(probabilities.cpu().double())
    return odds.clamp(-MAX_LOGIT, MAX_LOGIT).numpy().astype(np.float16)


def load_predictions(path: str | os.PathLike[str]) -> PredictionDump:
    """Open a dump.

    Raises:
        UserError: A file is missing or not what it should be.
    """
    folder = Path(path)
    for name in (*_FILES, "dump.json"):
        if not (folder / name).is_file():
            raise UserError(f"{folder}: not a prediction dump, has no {name}")
    meta = read_json(folder / "dump.json", _Meta)
    logits = open_array(folder / "logits.npy", dtype=np.float16)
    channels = len(meta["channels"])
    if logits.ndim != 4 or logits.shape[1] != channels:
        raise UserError(
            f"{folder}/logits.npy: shape {logits.shape}, expected (tiles, {channels}, "
            "height, width)"
        )
    shapes = _shapes(*logits.shape)
    mask, decided = (
        open_array(folder / name, *shapes[name]) for name in ("mask.npy", "decided.npy")
    )
    return PredictionDump(logits, dict(meta), mask, decided)


def _shapes(
    count: int, channels: int, height: int, width: int
) -> dict[str, tuple[tuple[int, ...], DTypeLike]]:
    row_bytes = -(-height * width // 8)
    return {
        "logits.npy": ((count, channels, height, width), np.float16),
        "mask.npy": ((count, row_bytes), np.uint8),
        "decided.npy": ((count, channels, row_bytes), np.uint8),
    }


def _decide_scenes(
    store: TileStore, mask: np.ndarray, parts: Mapping[str, np.ndarray], grow: int
) -> None:
    """Write what is decided of whole scenes into ``mask``, all packed bits."""
    shape = store.masks.shape[1:]
    table = store.tiles
    places = [
        TilePlace(str(scene), int(row), int(column))
        for scene, row, column in zip(
            table["scene"], table["row_off"], table["col_off"], strict=True
        )
    ]

    def tile(index: int) -> dict[str, np.ndarray]:
        layers = {
            name: unpack_mask(part[index], *shape) for name, part in parts.items()
        }
        return layers | {"valid": np.asarray(store.masks[index]) != IGNORE}

    for index, part in decide_scenes(places, tile, grow):
        mask[index] = pack_masks(part[None])[0]
