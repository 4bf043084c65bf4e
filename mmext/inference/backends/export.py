"""One ONNX file that maps scenes without the checkpoint."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mmext.checked import parse_json
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.inference.checkpoint import LoadedModel

from .graph import difference_from_torch, export_graph, refuse_without_packages
from .onnx_file import METADATA, ExportedModel

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
    refuse_without_packages()
    network = _Probabilities(loaded.model).eval()
    multiple = grid_of(loaded)
    bands = len(loaded.store["band_indexes"])
    proto = export_graph(network, bands, multiple)
    set_metadata(proto, {METADATA: describe(loaded)})
    images = [
        torch.rand(1, bands, 3 * multiple, 2 * multiple) * 255,
        torch.rand(3, bands, 8 * multiple, 5 * multiple) * 255,
    ]
    return write_checked(proto, network, images, path)


def grid_of(loaded: LoadedModel) -> int:
    """Side of a network's pooling grid in pixels."""
    return getattr(loaded.model.backbone, "input_multiple", 32)


def reach_of(loaded: LoadedModel) -> int | None:
    """How many pixels away a network's prediction looks; None if it doesn't say."""
    field = getattr(loaded.model.backbone, "receptive_field", None)
    return None if field is None else field // 2


def describe(loaded: LoadedModel, **other: Any) -> str:
    """What a file says of itself to this program, as JSON.

    Args:
        loaded: The model.
        other: Keys of :class:`ExportedModel` that differ from the model's own.

    Raises:
        UserError: It could not be read again.
    """
    description = {
        "format": 1,
        "channels": list(loaded.model.channels),
        "decoder": loaded.model.union_decoder.settings,
        "reach": reach_of(loaded),
        "multiple": grid_of(loaded),
        "store": loaded.store,
        "checkpoint": loaded.path.name,
        "sha256": loaded.sha256,
    }
    if loaded.correctness:
        description["correctness"] = asdict(loaded.correctness)
    text = json.dumps(description | other)
    # As it will be read: what could not be is refused here.
    parse_json(text, ExportedModel, str(loaded.path))
    return text


def set_metadata(proto: Any, texts: dict[str, str]) -> None:
    """Put texts by key into a file's metadata.

    Args:
        proto: An ``onnx.ModelProto``, changed.
        texts: What to add.
    """
    for key, text in texts.items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, text


def write_checked(
    proto: Any, network: nn.Module, images: list[Tensor], path: Path
) -> float:
    """Write a graph that says what torch says.

    Args:
        proto: The ``onnx.ModelProto``.
        network: What it was made of.
        images: On what they are compared.
        path: The file.

    Returns:
        The largest difference.

    Raises:
        UserError: It is 1e-4 or more.
    """
    content = proto.SerializeToString()
    difference = difference_from_torch(network, content, images)
    if not difference < _TOLERANCE:
        raise UserError(
            f"{path}: torch and ONNX Runtime differ by {difference:.2g}, expected "
            f"less than {_TOLERANCE:g}"
        )
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
    return difference
