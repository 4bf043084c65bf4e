"""The objects that a decision makes of a store, each with its scores and its truth."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from mmext.models import UnionDecoder
from mmext.pixel_values import IGNORE

from .answers import Answers
from .confusion import Confusion, confusion
from .decision_rule import DecisionRule
from .objects import covered_objects

#: Share of an object that must be true for it to be correct, as in the glossary.
_CORRECT = 0.5
_COLUMNS = ("scene", "mean_prob", "max_prob", "area_m2", "error_only", "correct")


@dataclass(frozen=True)
class ScoredObjects:
    """What a decision makes of a store.

    Attributes:
        table: A row for each object: ``scene`` (index of its scene), ``mean_prob``,
            ``max_prob`` (of the highest channel), ``area_m2``, ``error_only`` (no pixel
            is in the target channel), ``correct``; as a map of the scenes would have
            them.
        pixels: Of each scene.
    """

    table: pd.DataFrame
    pixels: list[Confusion]


def scored_objects(
    answers: Answers, rule: DecisionRule, pixel_area: float
) -> ScoredObjects:
    """Decide every scene and judge its objects.

    Args:
        answers: To the store, of one training.
        rule: The decision.
        pixel_area: Of a pixel, in m²; 1 where there is no such thing.
    """
    threshold = UnionDecoder(**rule.decoder).threshold_of("target")
    tables, pixels = [], []
    for index, scene in enumerate(answers.scenes()):
        mask = rule.mask(scene, answers.channels)
        pixels.append(confusion(mask, scene.target))
        labels, sizes, covers = covered_objects(
            mask & (scene.target != IGNORE), scene.target == 1
        )
        if not len(sizes):
            continue
        inside = labels > 0
        of, number = labels[inside] - 1, len(sizes)
        probabilities = expit(scene.logits)
        highest = probabilities.max(axis=0)[inside]
        most = np.zeros(number)
        np.maximum.at(most, of, highest)
        target = probabilities[answers.channels.index("target")][inside]
        found = target > threshold
        tables.append(
            pd.DataFrame(
                {
                    "scene": index,
                    "mean_prob": np.bincount(of, highest, number) / sizes,
                    "max_prob": most,
                    "area_m2": sizes * pixel_area,
                    "error_only": np.bincount(of, found, number) == 0,
                    "correct": covers >= _CORRECT,
                }
            )
        )
    tables = tables or [pd.DataFrame(columns=list(_COLUMNS), dtype=float)]
    return ScoredObjects(pd.concat(tables, ignore_index=True), pixels)
