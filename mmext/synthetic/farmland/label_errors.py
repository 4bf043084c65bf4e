"""Mistakes of a known rate in otherwise true labels."""

from dataclasses import dataclass

import geopandas
import numpy as np
import pandas as pd
from shapely.affinity import translate

from mmext.errors import UserError

from .scene import RenderedScene

_SHIFT_METRES = (2.0, 4.0)


@dataclass(frozen=True)
class FaultyLabels:
    """Labels as a hurried annotator would leave them.

    Attributes:
        labels: The fields with the errors made.
        errors: What was done: ``kind`` (``missing``: a true field left out;
            ``wrong``: a lookalike drawn in; ``shifted``: a field drawn beside its
            place), with the geometry concerned, for shifts the true one.
    """

    labels: geopandas.GeoDataFrame
    errors: geopandas.GeoDataFrame


def plant_label_errors(scene: RenderedScene, rate: float, seed: int) -> FaultyLabels:
    """Make errors in a scene's labels, evenly of the three kinds.

    Args:
        scene: The scene.
        rate: Errors per true field, in [0, 1]; rounded to whole errors. Wrong
            fields need lookalikes: where those run out, fewer are made.
        seed: Source of randomness.

    Raises:
        UserError: The rate is not in [0, 1].
    """
    if not 0 <= rate <= 1:
        raise UserError(f"label error rate: is {rate}, expected 0 to 1")
    rng = np.random.default_rng([seed, 0x1AB])
    fields = scene.fields
    number = round(rate * len(fields))
    kinds = [("missing", "wrong", "shifted")[index % 3] for index in range(number)]
    concerned = iter(rng.permutation(len(fields)).tolist())
    lookalikes = iter(rng.permutation(len(scene.lookalikes)).tolist())
    labels = fields.copy()
    dropped: list[int] = []
    added: list[dict] = []
    errors: list[dict] = []
    for kind in kinds:
        if kind == "wrong":
            index = next(lookalikes, None)
            if index is None:
                continue
            geometry = scene.lookalikes.geometry.iloc[index]
            added.append({"crop": "ginseng", "geometry": geometry})
        else:
            index = next(concerned)
            geometry = fields.geometry.iloc[index]
            if kind == "missing":
                dropped.append(index)
            else:
                angle = rng.uniform(0, 2 * np.pi)
                distance = rng.uniform(*_SHIFT_METRES)
                labels.loc[index, "geometry"] = translate(
                    geometry, distance * np.cos(angle), distance * np.sin(angle)
                )
        errors.append({"kind": kind, "geometry": geometry})
    labels = labels.drop(index=dropped)
    if added:
        extra = geopandas.GeoDataFrame(added, crs=fields.crs)
        labels = pd.concat([labels, extra], ignore_index=True)
    return FaultyLabels(
        labels=labels.reset_index(drop=True),
        errors=geopandas.GeoDataFrame(
            errors, columns=["kind", "geometry"], crs=fields.crs
        ),
    )
