"""From a scene's logits to a mask."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from scipy.special import expit, logit

from mmext.models.decoders import UnionDecoder
from mmext.models.decoders.growth import grow
from mmext.models.decoders.union_decoder import decide_image
from mmext.pixel_values import IGNORE

from .answers import SceneLogits
from .shape_filter import filter_shapes


@dataclass(frozen=True)
class DecisionRule:
    """A decoder and what is done to the shapes it gives.

    Attributes:
        decoder: Arguments of a ``UnionDecoder``.
        shapes: Arguments of ``filter_shapes``; empty for none. Shapes are filtered
            before the decoder grows them.
    """

    decoder: dict[str, Any]
    shapes: dict[str, Any] = field(default_factory=dict)

    @property
    def mode(self) -> str:
        """The decoder's."""
        return str(self.decoder.get("mode", "union"))

    def mask(self, scene: SceneLogits, channels: Sequence[str]) -> np.ndarray:
        """(H, W) bool; nothing is decided of ignored pixels, as of no-data in a map."""
        decoder = UnionDecoder(**self.decoder)
        probabilities = torch.from_numpy(expit(scene.logits))[None]
        pixels = decoder.by_pixels(probabilities, channels)["mask"].numpy()
        core = None
        if decoder.by_components:
            core = decoder.core(probabilities, channels).numpy()
        valid = scene.target != IGNORE
        [mask] = decide_image(pixels, core, grow=0, valid=valid[None])
        if self.shapes:
            mask = filter_shapes(mask, **self.shapes)
        return grow(mask, decoder.grow, valid)

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
        margins = torch.from_numpy(logits - _logit(levels)[:, None, None])
        by_name = dict(zip(channels, margins, strict=True))
        return decoder.rule.combine(by_name, torch.neg).numpy()

    def __str__(self) -> str:
        parts = [self.mode]
        parts += [
            f"{key} {_short(value)}"
            for key, value in (*self.decoder.items(), *self.shapes.items())
            if key != "mode" and (key, value) != ("grow", 0)
        ]
        return ", ".join(parts)


def _logit(levels: Sequence[float]) -> np.ndarray:
    return logit(np.clip(levels, 1e-9, 1 - 1e-9)).astype(np.float32)


def _short(value: object) -> str:
    if isinstance(value, dict):
        return " / ".join(f"{key} {_short(item)}" for key, item in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
