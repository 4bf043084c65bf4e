"""A depth model in a local directory of the transformers library."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmext.checked import read_json
from mmext.datasets.depth.structural_maps import StructuralNote
from mmext.errors import UserError
from mmext.fileio import sha256_of
from mmext.structures.structural_space import StructuralSpace

#: Space and whether metric, by ``model_type``. Depth Anything says it itself.
_TYPES: dict[str, tuple[StructuralSpace, bool]] = {
    "dpt": ("inverse_depth", False),
    "glpn": ("depth", True),
    "zoedepth": ("depth", True),
}


class TransformersTeacher:
    """Runs ``AutoModelForDepthEstimation`` from a directory; nothing is downloaded.

    Args:
        path: Directory with ``config.json``, ``preprocessor_config.json`` and
            weights.
        space: ``depth`` or ``inverse_depth`` for a kind of model not known here.
        metric: Whether it gives metres; None takes what the kind is known to give.
        device: Where to run.

    Raises:
        UserError: transformers is not installed, the directory does not hold such a
            model, or nothing says which space it gives.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        space: StructuralSpace | None = None,
        metric: bool | None = None,
        device: str = "cpu",
    ) -> None:
        folder = Path(path)
        config = _read_config(folder)
        known = _space_of(config)
        if known is None and space is not None:
            known = space, False
        if known is None:
            raise UserError(
                f"{folder}: model_type {config.get('model_type')!r} gives an unknown "
                "space, expected --space depth or inverse_depth"
            )
        known_space, known_metric = known
        self._processor, self._model = _load(folder)
        self._model.to(device).eval()
        self._device = device
        weights = sorted(folder.glob("*.safetensors"))
        self._note = StructuralNote(
            space=space or known_space,
            metric=known_metric if metric is None else metric,
            teacher=str(config.get("_name_or_path") or folder.resolve().name),
            sha256=sha256_of(*weights),
            settings={"kind": "transformers", "model_type": config.get("model_type")},
        )

    @property
    def note(self) -> StructuralNote:
        """What its maps are and which model makes them."""
        return self._note

    @torch.inference_mode()
    def maps(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """One map for each image, at the model's size.

        Args:
            images: (H, W, 3) uint8 RGB each; those of one size go together.
        """
        if len({image.shape for image in images}) > 1:
            return [values for image in images for values in self.maps([image])]
        inputs = self._processor(images=list(images), return_tensors="pt")
        pixels = inputs["pixel_values"].to(self._device)
        depth = self._model(pixel_values=pixels).predicted_depth
        if depth.ndim == 4:
            depth = depth[:, 0]
        return list(depth.float().cpu().numpy())


def _read_config(folder: Path) -> dict[str, Any]:
    file = folder / "config.json"
    if not file.is_file():
        raise UserError(f"{folder}: has no config.json, expected a model's directory")
    return read_json(file, dict[str, Any])


def _space_of(config: dict[str, Any]) -> tuple[StructuralSpace, bool] | None:
    if config.get("model_type") == "depth_anything":
        metric = config.get("depth_estimation_type", "relative") == "metric"
        return ("depth", True) if metric else ("inverse_depth", False)
    return _TYPES.get(str(config.get("model_type")))


def _load(folder: Path) -> tuple[Any, Any]:
    try:
        from transformers import AutoImageProcessor, AutoModelForDepthEstimation
    except ImportError:
        raise UserError(
            f"{folder}: needs transformers, expected pip install 'mmext[teacher]'"
        ) from None
    try:
        # Weights in a pickle could run code; safetensors cannot.
        model = AutoModelForDepthEstimation.from_pretrained(  # nosec B615 # local
            folder, local_files_only=True, use_safetensors=True
        )
        processor = AutoImageProcessor.from_pretrained(  # nosec B615 # local
            folder, local_files_only=True
        )
    except (OSError, ValueError, ImportError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"{folder}: not a depth model ({reason})") from None
    return processor, model
