"""An exported network, run by ONNX Runtime or OpenVINO."""

import importlib.util
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from mmext.errors import UserError, one_line
from mmext.inference.prediction_settings import Backend
from mmext.inference.predictor import Predictor
from mmext.models.decoders.union_decoder import UnionDecoder

from .onnx_file import ExportedModel, of_any_size, read_onnx


def exported_predictor(path: Path, backend: Backend) -> Predictor:
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
    content, description = read_onnx(path)
    decoder = _decoder(description, path)
    tiled = description.tiled
    try:
        if tiled is None:
            run = _RUNNERS[backend](content)
        else:
            run = _score_of(_RUNNERS[backend](of_any_size(content)))
        _try_out(run, description, path)
    except UserError:
        raise
    except Exception as error:  # each backend has exceptions of its own
        raise UserError(
            f"{path}: {backend} can't run it ({one_line(error)[:200]})"
        ) from None
    multiple = description.multiple

    def probabilities(image: Tensor) -> Tensor:
        height, width = image.shape[2:]
        # As the network itself pads what is off its grid.
        padding = (0, -width % multiple, 0, -height % multiple)
        padded = functional.pad(image.float(), padding, mode="replicate")
        while min(padded.shape[2:]) < 2 * multiple:  # the exported graph's smallest
            padded = functional.pad(padded, (0, multiple, 0, multiple), "replicate")
        return torch.from_numpy(run(padded.numpy()))[..., :height, :width]

    if tiled is not None and tiled.left_out:
        print(f"{path}: {tiled.left_out}")
    return Predictor(
        backend=backend,
        probabilities=probabilities,
        channels=tuple(description.channels),
        decoder=decoder,
        reach=description.reach,
        multiple=multiple,
        store=dict(description.store),
        # A file for plugins decides otherwise than its checkpoint.
        path=path if tiled else path.with_name(description.checkpoint),
        sha256=sha256(content).hexdigest() if tiled else description.sha256,
        precision=str(description.calibration or "fp32"),
        correctness=description.correctness,
    )


def _score_of(
    run: Callable[[np.ndarray], np.ndarray],
) -> Callable[[np.ndarray], np.ndarray]:
    """The target's score of raw 8-bit values, by a graph of :class:`TiledForm`."""
    return lambda image: run(image / np.float32(255))[:, 1:]


def _decoder(description: ExportedModel, path: Path) -> UnionDecoder:
    try:
        decoder = UnionDecoder(**description.decoder)
        decoder.check(description.channels)
    except UserError as error:
        raise UserError(f"{path}: metadata: {error}") from None
    if "target" not in description.channels:
        raise UserError(
            f"{path}: metadata: channels {', '.join(description.channels)}, expected "
            "target among them"
        )
    return decoder


def _try_out(
    run: Callable[[np.ndarray], np.ndarray], description: ExportedModel, path: Path
) -> None:
    """Refuse a graph that is not what the description says."""
    bands, side = len(description.store["band_indexes"]), 2 * description.multiple
    found = run(np.zeros((1, bands, side, side), np.float32))
    expected = (1, len(description.channels), side, side)
    if found.shape != expected or found.dtype != np.float32:
        raise UserError(
            f"{path}: gives {found.dtype} {found.shape} of {bands} bands, expected "
            f"float32 {expected}"
        )


def _onnxruntime(content: bytes) -> Callable[[np.ndarray], np.ndarray]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    # Threads that spin while they wait take the cores from reading and writing.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(content, options)
    return lambda image: session.run(None, {"image": image})[0]


def _openvino(content: bytes) -> Callable[[np.ndarray], np.ndarray]:
    import openvino

    core = openvino.Core()
    settings = {
        # 16-bit arithmetic, its choice on some processors, is no longer exact.
        "INFERENCE_PRECISION_HINT": "f32",
        # As many as torch has: OMP_NUM_THREADS, and of torchrun's processes one each.
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }
    model = core.compile_model(core.read_model(content), "CPU", settings)
    return lambda image: model(image)[0]


_RUNNERS: dict[str, Callable[[bytes], Callable[[np.ndarray], np.ndarray]]] = {
    "onnxruntime": _onnxruntime,
    "openvino": _openvino,
}
