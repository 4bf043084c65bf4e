"""Opening a model by the backend asked for, or by the fastest."""

import importlib.util
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from mmext.errors import UserError
from mmext.inference.checkpoint import LoadedModel, load_model
from mmext.inference.prediction_settings import Backend, Precision
from mmext.inference.predictor import Predictor

from .eager import eager_predictor
from .export import export_onnx
from .exported import exported_predictor

_EXPORTED: tuple[Backend, ...] = ("onnxruntime", "openvino")
_TRIALS = 3


def open_predictor(
    path: Path,
    backend: Backend | None = None,
    device: str = "cpu",
    window: int = 512,
    precision: Precision = "fp32",
) -> Predictor:
    """Open a checkpoint, or an exported model.

    Args:
        path: ``epoch_N.pth``, or the ``.onnx`` of ``mmext export``.
        backend: What runs it; None takes ``eager`` for a checkpoint, and the first of
            ``onnxruntime`` and ``openvino`` that is installed for an exported model.
            ``auto`` times those that are installed on a window of the size to come and
            takes the fastest; on a GPU it is ``eager``.
        device: Where torch runs; the exported backends run on the CPU.
        window: Side of a window in pixels, for ``auto``.
        precision: See :func:`eager_predictor`; the exported backends know only fp32.

    Raises:
        UserError: The model can't be opened, or the backend can't run it.
    """
    if precision != "fp32" and (path.suffix == ".onnx" or backend in _EXPORTED):
        raise UserError(f"--precision: is {precision}, exported models expect fp32")
    if path.suffix == ".onnx":
        names = installed_backends()
        if backend in ("eager", "compile"):
            raise UserError(
                f"{path}: an exported model, --backend {backend} can't run it, "
                f"expected one of {', '.join(('auto', *_EXPORTED))}"
            )
        if backend != "auto":
            names = names[:1] if backend is None else [backend]
        return _fastest([exported_predictor(path, name) for name in names], window)
    loaded = load_model(path, device)
    if backend in (None, "eager", "compile"):
        return eager_predictor(loaded, backend == "compile", precision)
    if backend in _EXPORTED:
        return _by_export(loaded, [backend])[0]
    if device != "cpu" or precision != "fp32":
        return eager_predictor(loaded, precision=precision)
    names = installed_backends() if importlib.util.find_spec("onnxscript") else []
    exported = _by_export(loaded, names) if names else []
    return _fastest([eager_predictor(loaded), *exported], window)


def installed_backends() -> list[Backend]:
    """Those that run exported models."""
    return [name for name in _EXPORTED if importlib.util.find_spec(name)]


def _by_export(loaded: LoadedModel, names: Sequence[Backend]) -> list[Predictor]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{loaded.path.stem}.onnx"
        export_onnx(loaded, path)
        return [exported_predictor(path, name) for name in names]


def _fastest(predictors: list[Predictor], window: int) -> Predictor:
    if not predictors:
        raise UserError("onnxruntime, openvino: neither is installed")
    if len(predictors) == 1:
        return predictors[0]
    times = {predictor.backend: _seconds(predictor, window) for predictor in predictors}
    print(
        "A window takes "
        + ", ".join(f"{seconds:.3f} s with {name}" for name, seconds in times.items())
    )
    return min(predictors, key=lambda predictor: times[predictor.backend])


def _seconds(predictor: Predictor, window: int) -> float:
    side = -(-window // predictor.multiple) * predictor.multiple
    image = torch.rand(1, len(predictor.store["band_indexes"]), side, side) * 255
    times = []
    for _ in range(_TRIALS + 1):
        started = time.perf_counter()
        predictor.probabilities(image)
        times.append(time.perf_counter() - started)
    return min(times[1:])
