"""The network as torch runs it."""

import contextlib
import copy
from collections.abc import Callable

import torch
from mmcv.cnn import fuse_conv_bn
from torch import Tensor, nn

from mmext.errors import UserError
from mmext.inference.checkpoint import LoadedModel
from mmext.inference.prediction_settings import Precision
from mmext.inference.predictor import Predictor

_DTYPES: dict[Precision, torch.dtype | None] = {
    "fp32": None,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}
#: Folding may change a probability by no more than rounding does.
_TOLERANCE = 1e-4


def eager_predictor(
    loaded: LoadedModel, compiled: bool = False, precision: Precision = "fp32"
) -> Predictor:
    """Run a checkpoint's model with torch, channels last, batch norm folded.

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
    model = with_folded_norms(loaded).to(memory_format=torch.channels_last)
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
    )


def with_folded_norms(loaded: LoadedModel) -> nn.Module:
    """A copy of the model with batch norms folded into the convolutions before them.

    Folding goes by the order in which a module lists its parts. Where that is not the
    order in which it runs them, the probabilities change, and the copy stays as it is.

    Args:
        loaded: The model, in eval mode.
    """
    plain = copy.deepcopy(loaded.model)
    folded = fuse_conv_bn(copy.deepcopy(loaded.model))
    device = next(plain.parameters()).device
    bands = len(loaded.store.get("band_indexes", (1, 2, 3)))
    side = 4 * getattr(plain.backbone, "input_multiple", 32)
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, bands, side, side, generator=generator).to(device) * 255
    with torch.inference_mode():
        change = (folded.probabilities(image) - plain.probabilities(image)).abs().max()
    return folded if float(change) < _TOLERANCE else plain
