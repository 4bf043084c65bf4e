"""The network as torch runs it."""

from collections.abc import Callable

import torch
from torch import Tensor

from mmext.engine.checkpoint import LoadedModel
from mmext.geo.prediction.predictor import Predictor


def eager_predictor(loaded: LoadedModel, compiled: bool = False) -> Predictor:
    """Run a checkpoint's model with torch, channels last.

    Args:
        loaded: The model.
        compiled: Whether ``torch.compile`` prepares it; the first windows then take
            longer.
    """
    model = loaded.model.to(memory_format=torch.channels_last)
    device = next(model.parameters()).device
    network: Callable[[Tensor], Tensor] = model.probabilities
    if compiled:
        network = torch.compile(network, dynamic=True)

    def probabilities(image: Tensor) -> Tensor:
        batch = image.to(device).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            return network(batch).cpu()

    field = getattr(model.backbone, "receptive_field", None)
    return Predictor(
        backend="compile" if compiled else "eager",
        probabilities=probabilities,
        channels=tuple(model.channels),
        decoder=model.decoder,
        reach=None if field is None else field // 2,
        multiple=getattr(model.backbone, "input_multiple", 32),
        store=loaded.store,
        path=loaded.path,
        sha256=loaded.sha256,
    )
