"""Depth of thermal images, from a checkpoint alone."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmcv.transforms import Compose
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope

from mmext.datasets.depth.transforms.load_thermal import thermal_input
from mmext.errors import UserError
from mmext.inference.checkpoint import LoadedModel, load_model
from mmext.inference.registered import refuse_unregistered
from mmext.registry import TRANSFORMS

_TRUTH = {"LoadDepth", "LoadStructural", "LoadObjectMask"}


@dataclass(frozen=True)
class DepthPrediction:
    """What is predicted for one image.

    Attributes:
        metric: (H, W) float32 metres.
        structural: (H, W) float32 > 0, up to scale and shift.
        thermal: (H, W) float32 in [0, 1], the image as the network's pipeline
            normalises it.
    """

    metric: np.ndarray
    structural: np.ndarray
    thermal: np.ndarray


class DepthPredictor:
    """A trained depth estimator that is given thermal images and nothing else.

    Images go through the checkpoint's own test pipeline, less what loads truth, so
    they are normalised and sized as in testing; depths come back at the image's size.

    Args:
        checkpoint: ``work_dirs/…/epoch_N.pth`` of a depth estimator.
        device: Where to run.

    Raises:
        UserError: It cannot be read, is of another kind of model, or its config has
            no test pipeline that begins with LoadThermal.
    """

    def __init__(self, checkpoint: str | os.PathLike[str], device: str = "cpu") -> None:
        self.loaded: LoadedModel = load_model(checkpoint, device, "DepthEstimator")
        self._normalisation, steps = _split(str(checkpoint), self.loaded.config)
        with DefaultScope.overwrite_default_scope("mmext"):
            self._pipeline = Compose([TRANSFORMS.build(step) for step in steps])

    @property
    def depth_range(self) -> tuple[float, float]:
        """Smallest and largest depth that the model can give, metres."""
        return self.loaded.model.depth_range

    @property
    def structural_space(self) -> str:
        """``depth`` or ``inverse_depth``."""
        return self.loaded.model.structural_space

    @torch.inference_mode()
    def predict(self, images: Sequence[np.ndarray]) -> list[DepthPrediction]:
        """Depth of each image; those of one size go through the network together.

        Args:
            images: (H, W) raw thermal values each, as in the files trained on.
        """
        if len({image.shape for image in images}) > 1:
            return [found for image in images for found in self.predict([image])]
        inputs = [thermal_input(image, self._normalisation) for image in images]
        thermal = [item["img"][..., 0] for item in inputs]
        batch = pseudo_collate([self._pipeline(item) for item in inputs])
        samples = self.loaded.model.test_step(batch)
        return [
            DepthPrediction(
                metric=sample.pred_depth_map.data[0].float().cpu().numpy(),
                structural=sample.pred_structural_map.data[0].float().cpu().numpy(),
                thermal=grey,
            )
            for sample, grey in zip(samples, thermal, strict=True)
        ]


def _split(source: str, config: Any) -> tuple[dict[str, Any], list[dict]]:
    """The normalisation, and the steps between LoadThermal and the network."""
    try:
        steps = list(config.test_dataloader.dataset.pipeline)
    except AttributeError:
        steps = []
    names = [str(step.get("type")).removeprefix("mmext.") for step in steps]
    if not names or names[0] != "LoadThermal":
        raise UserError(
            f"{source}: its test pipeline is {', '.join(names) or 'not there'}, "
            "expected one that begins with LoadThermal"
        )
    refuse_unregistered(steps[1:], (TRANSFORMS,), f"{source}: its test pipeline")
    load = TRANSFORMS.build(dict(steps[0], type="mmext.LoadThermal"))
    kept = zip(names[1:], steps[1:], strict=True)
    return load.normalisation, [step for name, step in kept if name not in _TRUTH]
