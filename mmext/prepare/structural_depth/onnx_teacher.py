"""A depth model in an ONNX file."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from mmext.checked import settings
from mmext.datasets.depth.structural_maps import StructuralNote
from mmext.errors import UserError
from mmext.fileio import sha256_of
from mmext.structures.structural_space import StructuralSpace

#: Mean and standard deviation that RGB / 255 is normalised by.
NORMALISATIONS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "none": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "half": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


Normalisation = Literal["none", "half", "imagenet"]


@settings
class OnnxFacts:
    """What an ONNX file does not say of itself.

    Attributes:
        space: ``depth`` or ``inverse_depth``.
        metric: Whether it gives metres (or 1 / metres).
        normalisation: A key of :data:`NORMALISATIONS`.
        name: The model's name.
    """

    space: StructuralSpace
    metric: bool
    normalisation: Normalisation
    name: str = ""


#: Files known by their SHA-256.
KNOWN = {
    "6275c23f467d476874d0eecea2a2c7059733ca6681de4f17bfbfe3fc3a52a71d": OnnxFacts(
        "depth", True, "none", "FastDepth (NYU Depth v2)"
    )
}


class OnnxTeacher:
    """Runs an ONNX file with ONNX Runtime.

    The file takes RGB (N, 3, h, w) float32 and gives (N, 1, h, w) or (N, h, w). A
    fixed N or size is kept to; a free size is 224×224, which suits strides of 14 and
    of 32, unless ``input_size`` says otherwise.

    Args:
        path: The ``.onnx`` file.
        facts: What the file does not say; None for a file known by its hash.
        input_size: (height, width) to feed a file of free size.
        threads: Of ONNX Runtime; 0 means all cores.

    Raises:
        UserError: The file is missing, unreadable, takes or gives something else, or
            is not known and ``facts`` is None.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        facts: OnnxFacts | None = None,
        input_size: tuple[int, int] | None = None,
        threads: int = 0,
    ) -> None:
        if not Path(path).is_file():
            raise UserError(f"{path}: no such model")
        sha256 = sha256_of(Path(path))
        facts = facts or KNOWN.get(sha256)
        if facts is None:
            raise UserError(
                f"{path}: an unknown model, expected --space (depth or inverse_depth) "
                "and --normalise"
            )
        self._session = _open(path, threads)
        mean, deviation = NORMALISATIONS[facts.normalisation]
        self._mean, self._std = (
            np.asarray(mean, np.float32),
            np.asarray(deviation, np.float32),
        )
        batch, _, *size = self._input_shape(str(path))
        self._batch = batch
        self._size = _choose_size(str(path), size, input_size)
        self._note = StructuralNote(
            space=facts.space,
            metric=facts.metric,
            teacher=facts.name or Path(path).stem,
            sha256=sha256,
            input_size=self._size,
            settings={"kind": "onnx", "normalise": facts.normalisation},
        )

    @property
    def note(self) -> StructuralNote:
        """What its maps are and which model makes them."""
        return self._note

    def maps(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """One map for each image.

        Args:
            images: (H, W, 3) uint8 RGB each.

        Returns:
            (h, w) float32 each, at the model's size.

        Raises:
            UserError: The model gives something else than one map an image.
        """
        inputs = np.stack([self._prepare(image) for image in images])
        step = self._batch or len(inputs)
        maps: list[np.ndarray] = []
        for start in range(0, len(inputs), step):
            chunk = inputs[start : start + step]
            # A fixed batch is filled up by repeating the last image.
            padding = [(0, step - len(chunk)), (0, 0), (0, 0), (0, 0)]
            full = np.pad(chunk, padding, mode="edge")
            output = self._session.run(None, {self._name: full})[0]
            maps += _as_maps(output, step, self._note.teacher)[: len(chunk)]
        return maps

    def _prepare(self, image: np.ndarray) -> np.ndarray:
        height, width = self._size
        # Area averaging when shrinking: bilinear would alias.
        shrinks = height < image.shape[0]
        mode = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        small = cv2.resize(image, (width, height), interpolation=mode)
        scaled = (small.astype(np.float32) / 255 - self._mean) / self._std
        return scaled.transpose(2, 0, 1)

    def _input_shape(self, path: str) -> list[int | None]:
        inputs = self._session.get_inputs()
        shape = [d if isinstance(d, int) and d > 0 else None for d in inputs[0].shape]
        if len(inputs) != 1 or len(shape) != 4 or shape[1] not in (3, None):
            raise UserError(
                f"{path}: takes {len(inputs)} inputs, the first of shape "
                f"{inputs[0].shape}; expected one (N, 3, h, w)"
            )
        self._name = inputs[0].name
        return shape


def _open(path: str | os.PathLike[str], threads: int) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise UserError(
            f"{path}: needs onnxruntime, expected pip install 'mmext[onnx]'"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # It warns of each weight that nothing reads, a line a weight; and of a GPU that
    # can't be used, which is said below.
    options.log_severity_level = 3
    available = onnxruntime.get_available_providers()
    # The default order would put providers first that run elsewhere (Azure).
    wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
    providers = [name for name in wanted if name in available]
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # its exceptions share no base class
        reason = str(error).splitlines()[0]
        raise UserError(
            f"{path}: not a model that ONNX Runtime opens ({reason})"
        ) from None
    for name in set(providers) - set(session.get_providers()):
        print(f"{path}: ONNX Runtime can't use {name}", file=sys.stderr)
    return session


def _choose_size(
    path: str, fixed: Sequence[int | None], asked: tuple[int, int] | None
) -> tuple[int, int]:
    if fixed[0] is not None and fixed[1] is not None:
        own = (fixed[0], fixed[1])
        if asked not in (None, own):
            raise UserError(
                f"{path}: takes {own[0]}×{own[1]} only, --input-size differs"
            )
        return own
    return asked or (224, 224)


def _as_maps(output: np.ndarray, number: int, name: str) -> list[np.ndarray]:
    if output.ndim == 4 and output.shape[1] == 1:
        output = output[:, 0]
    if output.ndim != 3 or len(output) != number:
        raise UserError(
            f"{name}: gives an output of shape {output.shape}, expected one map for "
            f"each of {number} images"
        )
    return list(output.astype(np.float32))
