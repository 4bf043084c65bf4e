"""From logits to a mask, and which of several ways is best on validation data."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from scipy.special import expit, logit

from mmext.errors import UserError
from mmext.evaluation.confusion import Confusion, confusion
from mmext.evaluation.shape_filter import filter_shapes
from mmext.models.decoders import UnionDecoder

from .answers import Answers, SceneLogits


@dataclass(frozen=True)
class DecisionRule:
    """A decoder and what is done to the shapes it gives.

    Attributes:
        decoder: Arguments of a ``UnionDecoder``.
        shapes: Arguments of ``filter_shapes``; empty for none.
    """

    decoder: dict[str, Any]
    shapes: dict[str, Any] = field(default_factory=dict)

    def mask(self, scene: SceneLogits, channels: Sequence[str]) -> np.ndarray:
        """(H, W) bool."""
        decoder = UnionDecoder(**self.decoder)
        probabilities = torch.from_numpy(expit(scene.logits))[None]
        mask = decoder(probabilities, channels)["mask"][0].numpy()
        return filter_shapes(mask, **self.shapes) if self.shapes else mask

    def score(self, logits: np.ndarray, channels: Sequence[str]) -> np.ndarray | None:
        """How far above its thresholds each pixel is, in log-odds.

        Lowering all thresholds together by the same log-odds lets one more pixel
        after the other in, in the order of this score; at 0 the decision is as
        stated.

        Returns:
            (H, W); None if pixels are not decided one by one.
        """
        decoder = UnionDecoder(**self.decoder)
        if self.shapes or not decoder.pixelwise:
            return None
        levels = [decoder.threshold_of(name) for name in channels]
        margins = logits - _logit(levels)[:, None, None]
        by_name = dict(zip(channels, margins, strict=True))
        if decoder.mode in ("target", "error"):
            return by_name[decoder.mode]
        against = by_name.pop("fp", None) if decoder.mode == "gated" else None
        highest = np.max(list(by_name.values()), axis=0)
        return highest if against is None else np.minimum(highest, -against)

    def __str__(self) -> str:
        parts = [str(self.decoder.get("mode", "union"))]
        parts += [
            f"{key} {_short(value)}"
            for key, value in (*self.decoder.items(), *self.shapes.items())
            if key != "mode"
        ]
        return ", ".join(parts)


def choose(
    answers: Answers, candidates: Sequence[DecisionRule]
) -> tuple[DecisionRule, float]:
    """The candidate with the highest IoU; the first of equals.

    Args:
        answers: To the validation store.
        candidates: At least one.

    Returns:
        It and its IoU.

    Raises:
        UserError: The store has no target, so that no IoU can choose.
    """
    totals = [Confusion() for _ in candidates]
    for scene in answers.scenes():
        for index, candidate in enumerate(candidates):
            mask = candidate.mask(scene, answers.channels)
            totals[index] += confusion(mask, scene.target)
    if totals[0].tp + totals[0].fn == 0:
        raise UserError(
            f"{answers.store.path}: has no target, a decision is chosen by its IoU"
        )
    best = max(range(len(candidates)), key=lambda index: totals[index].iou)
    return candidates[best], totals[best].iou


def candidates(
    decoders: Sequence[dict[str, Any]], filters: Sequence[dict[str, Any]]
) -> list[DecisionRule]:
    """Every decoder with every filter."""
    pairs = itertools.product(decoders, filters or [{}])
    return [DecisionRule(dict(decoder), dict(shapes)) for decoder, shapes in pairs]


def _logit(levels: Sequence[float]) -> np.ndarray:
    return logit(np.clip(levels, 1e-9, 1 - 1e-9)).astype(np.float32)


def _short(value: object) -> str:
    if isinstance(value, dict):
        return " / ".join(f"{key} {_short(item)}" for key, item in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
