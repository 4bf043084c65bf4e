"""Which of many decisions is best on validation data."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from scipy.ndimage import label
from scipy.special import expit

from mmext.errors import UserError
from mmext.models import UnionDecoder
from mmext.models.decoders.growth import grow_once
from mmext.pixel_values import IGNORE

from .answers import Answers, SceneLogits
from .confusion import Confusion, confusion
from .decision_rule import DecisionRule
from .shape_filter import filter_shapes


@dataclass(frozen=True)
class DecisionFit:
    """Candidates and what each scored.

    Attributes:
        rules: The candidates, at least one.
        counts: Of each, pixels over all scenes.
    """

    rules: Sequence[DecisionRule]
    counts: Sequence[Confusion]

    @cached_property
    def index(self) -> int:
        """The candidate with the highest IoU; the first of equals."""
        return max(range(len(self.rules)), key=lambda index: self.counts[index].iou)

    @property
    def rule(self) -> DecisionRule:
        """The chosen candidate."""
        return self.rules[self.index]

    @property
    def iou(self) -> float:
        """Its IoU."""
        return self.counts[self.index].iou

    @property
    def edges(self) -> list[str]:
        """Which of the chosen numbers lie at the edge of what was tried.

        Compared with the candidates of the same mode and the same kind of numbers. 0
        and 1 are no edge: nothing lies beyond.
        """
        chosen = _numbers(self.rule)
        alike = [
            numbers
            for rule, numbers in zip(self.rules, map(_numbers, self.rules), strict=True)
            if rule.mode == self.rule.mode and numbers.keys() == chosen.keys()
        ]
        found = []
        for name, value in chosen.items():
            tried = {numbers[name] for numbers in alike}
            if len(tried) > 1 and value not in (0, 1):
                if value == min(tried):
                    found.append(f"{name} {value:g} is the lowest that was tried")
                if value == max(tried):
                    found.append(f"{name} {value:g} is the highest that was tried")
        return found


def fit_decision(answers: Answers, rules: Sequence[DecisionRule]) -> DecisionFit:
    """Score every candidate on every scene.

    Scene by scene, so that memory is that of one.

    Args:
        answers: To the validation store.
        rules: The candidates, at least one.

    Raises:
        UserError: The store has no target, so that no IoU can choose.
    """
    totals = [Confusion() for _ in rules]
    for scene in answers.scenes():
        for index, mask in _masks(scene, answers.channels, rules):
            totals[index] += confusion(mask, scene.target)
    if totals[0].tp + totals[0].fn == 0:
        raise UserError(
            f"{answers.store.path}: has no target, a decision is chosen by its IoU"
        )
    return DecisionFit(rules, totals)


def _masks(
    scene: SceneLogits, channels: Sequence[str], rules: Sequence[DecisionRule]
) -> Iterator[tuple[int, np.ndarray]]:
    """What ``DecisionRule.mask`` gives, for all rules; what they share is done once.

    Yields:
        Index of a rule and its (H, W) bool mask.
    """
    probabilities = torch.from_numpy(expit(scene.logits))[None]
    valid = scene.target != IGNORE
    decoders = [UnionDecoder(**rule.decoder) for rule in rules]
    for of_pixels in _groups(
        range(len(rules)), lambda index: decoders[index].by_pixels.settings
    ):
        pixels = decoders[of_pixels[0]].by_pixels
        mask = pixels(probabilities, channels)["mask"][0].numpy() & valid
        labels: np.ndarray | None = None
        for of_decoder in _groups(
            of_pixels, lambda index: decoders[index].settings | {"grow": 0}
        ):
            decoder = decoders[of_decoder[0]]
            decided = mask
            if decoder.by_components:
                labels = label(mask)[0] if labels is None else labels
                core = decoder.core(probabilities, channels)[0].numpy()
                decided = _with_core(labels, core)
            for members in _groups(of_decoder, lambda index: rules[index].shapes):
                shapes = rules[members[0]].shapes
                filtered = filter_shapes(decided, **shapes) if shapes else decided
                growths = [(decoders[index].grow, index) for index in members]
                yield from _grown(filtered, valid, growths)


def _with_core(labels: np.ndarray, core: np.ndarray) -> np.ndarray:
    kept = np.zeros(labels.max() + 1, bool)
    kept[labels[core]] = True
    kept[0] = False
    return kept[labels]


def _grown(
    mask: np.ndarray, valid: np.ndarray, growths: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, np.ndarray]]:
    """A rule's index and mask, of pairs of growth and index."""
    grown = 0
    for pixels, index in sorted(growths):
        while grown < pixels:
            mask, grown = grow_once(mask, grown, valid), grown + 1
        yield index, mask


def _groups(
    indices: Iterable[int], key: Callable[[int], dict[str, Any]]
) -> list[list[int]]:
    """Indices with equal settings together, in order of their first."""
    groups: dict[str, list[int]] = {}
    for index in indices:
        groups.setdefault(json.dumps(key(index), sort_keys=True), []).append(index)
    return list(groups.values())


def _numbers(rule: DecisionRule) -> dict[str, float]:
    threshold = rule.decoder.get("threshold", 0.5)
    if isinstance(threshold, dict):
        numbers = {f"threshold of {name}": of for name, of in threshold.items()}
    else:
        numbers = {"threshold": threshold}
    if "confident" in rule.decoder:
        numbers["confident"] = rule.decoder["confident"]
    return numbers | {"grow": rule.decoder.get("grow", 0)} | rule.shapes
