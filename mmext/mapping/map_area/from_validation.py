"""The area of a map's target from the errors that validation data showed."""

from pathlib import Path

import numpy as np
import pandas as pd

from mmext.errors import UserError
from mmext.evaluation.stratified_area import Estimate
from mmext.inference.checkpoint import read_checkpoint
from mmext.inference.fitted_decision import fitted_decision
from mmext.location import Location
from mmext.raster.scene_reader import open_scene

from .result import AreaResult
from .strata import count_strata

#: Fewer scenes are no sample of scenes: there is no interval then.
LEAST_SCENES = 10
_DRAWS = 10_000


def estimate_from_validation(path: Location, checkpoint: Path) -> AreaResult:
    """Estimate the area of the target as if the map were as right as validation data.

    Of what is mapped the share is target that was on the validation store (precision),
    and of what isn't the share that was there: omission and commission of the decision
    that was fitted. The standard error is that of a bootstrap over validation scenes.
    It is a model's figure, not a sample's: on ground where the target is rarer, or
    looks otherwise, it is wrong, and its interval doesn't say so.

    Args:
        path: A map of classes.
        checkpoint: What mapped it, of ``mmext fit-decision``.

    Raises:
        UserError: A file can't be read, or the checkpoint was not fitted, or by a
            version that didn't keep its scenes.
    """
    fitted = fitted_decision(read_checkpoint(checkpoint), checkpoint)
    if fitted is None or not fitted[1].scenes:
        raise UserError(
            f"{checkpoint}: doesn't know its errors on validation data, expected what "
            "'mmext fit-decision' writes"
        )
    record = fitted[1]
    with open_scene(path) as raster:
        strata = count_strata(raster)
    areas = strata.areas.sum(axis=1)
    mapped = float(areas[strata.mapped].sum())
    scenes = np.array(record.scenes, np.float64)
    value = _area(scenes.sum(axis=0), mapped, float(areas.sum()) - mapped)
    notes = [
        f"model-based: as right as on {record.store}, whose target is as frequent and "
        "looks as it does here; a sample of checked points needs no such assumption "
        "(--draw)"
    ]
    error = np.nan
    if len(scenes) < LEAST_SCENES:
        notes.append(
            f"{record.store}: has {len(scenes)} scenes, expected at least "
            f"{LEAST_SCENES} for an interval"
        )
    else:
        rng = np.random.default_rng(0)
        shares = np.full(len(scenes), 1 / len(scenes))
        drawn = rng.multinomial(len(scenes), shares, _DRAWS) @ scenes
        error = float(np.std(_area(drawn, mapped, float(areas.sum()) - mapped)))
    tp, fp, fn, tn = scenes.sum(axis=0)
    return AreaResult(
        kind="model-based",
        mapped_area=mapped,
        area=Estimate(float(value), error),
        accuracies={},
        matrix=pd.DataFrame(
            {
                "class": ["not mapped", "mapped"],
                "area_m2": [round(float(areas.sum()) - mapped, 1), round(mapped, 1)],
                "pixels": [int(fn + tn), int(tp + fp)],
                "not_target": [int(tn), int(fp)],
                "target": [int(fn), int(tp)],
            }
        ),
        notes=notes,
    )


def _area(pixels: np.ndarray, mapped: float, rest: float) -> np.ndarray:
    """Of (…, 4) sums of TP, FP, FN and TN; what has none of a kind keeps the map's."""
    tp, fp, fn, tn = np.moveaxis(pixels, -1, 0)
    found = np.divide(tp, tp + fp, out=np.ones_like(tp), where=tp + fp > 0)
    omitted = np.divide(fn, fn + tn, out=np.zeros_like(fn), where=fn + tn > 0)
    return mapped * found + rest * omitted
