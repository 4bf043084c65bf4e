"""Mapping with exported networks on a CPU, in float32 and in 8-bit integers."""

from collections.abc import Callable, Iterator
from pathlib import Path

from mmext.inference.backends import (
    export_int8,
    export_onnx,
    installed_backends,
    open_predictor,
)
from mmext.inference.backends.eager import eager_predictor
from mmext.inference.prediction_settings import PredictionSettings
from mmext.inference.predictor import Predictor
from mmext.mapping.predict_scene import predict_scene

from .mapping import WINDOW, network_alone
from .measure import Comparison, timed
from .setting import SIDE, cut, untrained

#: What the best backend is to reach.
_GOALS = {"float32": 1.3, "int8": 2.0}


def backends(scene: Path, folder: Path, repeats: int) -> Iterator[Comparison]:
    """predict_scene with each installed backend, against the network alone in torch."""
    store = cut(scene, folder / "tiles", 128)
    loaded = untrained(store.header)
    models = {kind: folder / f"{kind}.onnx" for kind in _GOALS}
    export_onnx(loaded, models["float32"])
    export_int8(loaded, models["int8"], store)
    predictors = {
        (kind, name): open_predictor(path, name)
        for kind, path in models.items()
        for name in installed_backends()
    }

    def whole(predictor: Predictor) -> Callable[[], object]:
        settings = PredictionSettings(window=WINDOW)
        return lambda: predict_scene(predictor, scene, folder / "map", settings)

    alone, *ours = timed(
        repeats,
        network_alone(eager_predictor(loaded)),
        *map(whole, predictors.values()),
    )
    for (kind, name), taken in zip(predictors, ours, strict=True):
        yield Comparison(
            f"mapping {SIDE} x {SIDE} pixels with {name}, {kind}",
            "the network alone in torch",
            taken["processor"],
            alone["processor"],
            goal=_GOALS[kind],
        )
