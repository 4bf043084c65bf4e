"""One ONNX file that maps scenes without the checkpoint."""

import json
import logging
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mmext.checked import parse_json
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.inference.checkpoint import LoadedModel

from .onnx_file import METADATA, ExportedModel

_OPSET = 18
_TOLERANCE = 1e-4


class _Probabilities(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor:
        return self.model.probabilities(image)


def export_onnx(loaded: LoadedModel, path: Path) -> float:
    """Export normalisation, network and sigmoid, and check what came out.

    The graph takes ``image`` (N, C, H, W) float32 raw pixel values, any N, H and W
    multiples of the network's pooling grid, and gives ``probability`` (N, K, H, W).
    Channels, decoder and training store are in the file's metadata.

    Args:
        loaded: The model.
        path: The ``.onnx`` file.

    Returns:
        The largest difference from torch over images of other sizes than the one
        exported with.

    Raises:
        UserError: The packages are missing, or torch and ONNX Runtime disagree by
            more than 1e-4.
    """
    try:
        import onnxruntime
        import onnxscript  # noqa: F401  what torch exports with
    except ImportError as error:
        raise UserError(
            f"{error.name}: not installed; pip install mmext[onnx]"
        ) from None
    network = _Probabilities(loaded.model).eval()
    multiple = getattr(loaded.model.backbone, "input_multiple", 32)
    bands = len(loaded.store["band_indexes"])
    example = torch.rand(2, bands, 4 * multiple, 5 * multiple) * 255
    cells = [torch.export.Dim(name, min=2, max=8192) for name in ("rows", "columns")]
    dynamic = {
        "image": {
            0: torch.export.Dim("batch", min=1, max=1024),
            2: multiple * cells[0],
            3: multiple * cells[1],
        }
    }
    # It would name each operator of torchvision that can't be exported without it.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            dynamic_shapes=dynamic,
            input_names=["image"],
            output_names=["probability"],
            opset_version=_OPSET,
            verbose=False,
        )
    proto = program.model_proto
    entry = proto.metadata_props.add()
    entry.key, entry.value = METADATA, _description(loaded, multiple)
    with atomic_path(path) as temporary:
        temporary.write_bytes(proto.SerializeToString())
        session = onnxruntime.InferenceSession(str(temporary))
        difference = max(
            _difference(network, session, (1, bands, 3 * multiple, 2 * multiple)),
            _difference(network, session, (3, bands, 8 * multiple, 5 * multiple)),
        )
        if not difference < _TOLERANCE:
            raise UserError(
                f"{path}: torch and ONNX Runtime differ by {difference:.2g}, expected "
                f"less than {_TOLERANCE:g}"
            )
    return difference


def _difference(network: nn.Module, session: object, shape: tuple[int, ...]) -> float:
    image = torch.rand(shape) * 255
    with torch.inference_mode():
        expected = network(image).numpy()
    [found] = session.run(None, {"image": image.numpy()})  # type: ignore[attr-defined]
    return float(np.abs(found - expected).max())


def _description(loaded: LoadedModel, multiple: int) -> str:
    field = getattr(loaded.model.backbone, "receptive_field", None)
    description = {
        "format": 1,
        "channels": list(loaded.model.channels),
        "decoder": loaded.model.union_decoder.settings,
        "reach": None if field is None else field // 2,
        "multiple": multiple,
        "store": loaded.store,
        "checkpoint": loaded.path.name,
        "sha256": loaded.sha256,
    }
    text = json.dumps(description)
    # As it will be read: what could not be is refused here.
    parse_json(text, ExportedModel, str(loaded.path))
    return text
