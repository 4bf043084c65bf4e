"""The network as torch runs it."""

import contextlib
import copy
from collections.abc import Callable

import torch
from torch import Tensor

from mmext.errors import UserError
from mmext.inference.checkpoint import LoadedModel
from mmext.inference.folding import NOT_FOLDED, folded_copy
from mmext.inference.prediction_settings import Precision
from mmext.inference.predictor import Predictor

_DTYPES: dict[Precision, torch.dtype | None] = {
    "fp32": None,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}


def eager_predictor(
    loaded: LoadedModel, compiled: bool = False, precision: Precision = "fp32"
) -> Predictor:
    """Run a checkpoint's model with torch, channels last, batch norm folded.

    Where batch norms can't be folded, a line says so.

    Args:
        loaded: The model; not changed.
        compiled: Whether ``torch.compile`` prepares it; the first windows then take
            longer.
        precision: What convolutions run in; 16 bits only on a GPU.

    Raises:
        UserError: 16 bits were asked for on a CPU.
    """
    device = next(loaded.model.parameters()).device
    if precision != "fp32" and device.type != "cuda":
        raise UserError(
            f"--precision: is {precision} on {device.type}, expected a CUDA device"
        )
    bands = len(loaded.store.get("band_indexes", (1, 2, 3)))
    model = folded_copy(loaded.model, bands)
    if model is None:
        print(f"{loaded.path}: {NOT_FOLDED}")
        model = copy.deepcopy(loaded.model).to(memory_format=torch.channels_last)
    network: Callable[[Tensor], Tensor] = model.probabilities
    if compiled:
        network = torch.compile(network, dynamic=True)
    lower = _DTYPES[precision]

    def probabilities(image: Tensor) -> Tensor:
        batch = image.to(device).contiguous(memory_format=torch.channels_last)
        faster = (
            torch.autocast(device.type, lower) if lower else contextlib.nullcontext()
        )
        with torch.inference_mode(), faster:
            return network(batch).cpu()

    field = getattr(model.backbone, "receptive_field", None)
    return Predictor(
        backend="compile" if compiled else "eager",
        probabilities=probabilities,
        channels=tuple(model.channels),
        decoder=model.union_decoder,
        reach=None if field is None else field // 2,
        multiple=getattr(model.backbone, "input_multiple", 32),
        store=loaded.store,
        path=loaded.path,
        sha256=loaded.sha256,
        precision=precision,
        correctness=loaded.correctness,
    )
