"""An exported network, run by ONNX Runtime or OpenVINO."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from mmext.errors import UserError
from mmext.geo.prediction.predictor import Predictor
from mmext.models.decoders.union_decoder import UnionDecoder

from .export import FORMAT, METADATA


def exported_predictor(path: Path, backend: str) -> Predictor:
    """Open an ONNX file that :func:`export_onnx` wrote.

    Args:
        path: The file.
        backend: ``onnxruntime`` or ``openvino``.

    Raises:
        UserError: The backend is not installed, or the file is not such a one.
    """
    if importlib.util.find_spec(backend) is None:
        extra = "onnx" if backend == "onnxruntime" else backend
        raise UserError(f"{backend}: not installed; pip install mmext[{extra}]")
    description = _describe(path)
    run = _RUNNERS[backend](path)
    multiple = description["multiple"]

    def probabilities(image: Tensor) -> Tensor:
        height, width = image.shape[2:]
        # As the network itself pads what is off its grid.
        padding = (0, -width % multiple, 0, -height % multiple)
        padded = functional.pad(image, padding, mode="replicate")
        while min(padded.shape[2:]) < 2 * multiple:  # the exported graph's smallest
            padded = functional.pad(padded, (0, multiple, 0, multiple), "replicate")
        return torch.from_numpy(run(padded.numpy()))[..., :height, :width]

    return Predictor(
        backend=backend,
        probabilities=probabilities,
        channels=tuple(description["channels"]),
        decoder=UnionDecoder(**description["decoder"]),
        reach=description["reach"],
        multiple=multiple,
        store=description["store"],
        path=path.with_name(description["checkpoint"]),
        sha256=description["sha256"],
    )


def _describe(path: Path) -> dict:
    import onnx

    if not path.is_file():
        raise UserError(f"{path}: no such model")
    try:
        proto = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf's own exception, by any name
        reason = str(error).splitlines()[0]
        raise UserError(f"{path}: not an ONNX model ({reason})") from None
    texts = [entry.value for entry in proto.metadata_props if entry.key == METADATA]
    if not texts or json.loads(texts[0])["format"] != FORMAT:
        raise UserError(f"{path}: was not written by tools/export_onnx.py")
    return json.loads(texts[0])


def _onnxruntime(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path))
    return lambda image: session.run(None, {"image": image})[0]


def _openvino(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    import openvino

    # 16-bit arithmetic, OpenVINO's choice on some processors, is no longer exact.
    model = openvino.Core().compile_model(
        str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    return lambda image: model(image)[0]


_RUNNERS: dict[str, Callable[[Path], Callable[[np.ndarray], np.ndarray]]] = {
    "onnxruntime": _onnxruntime,
    "openvino": _openvino,
}
