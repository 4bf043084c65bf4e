"""From a network to ONNX's graph."""

import logging
import warnings
from typing import Any

import numpy as np
import torch
from torch import nn

from mmext.errors import UserError, one_line

_OPSET = 18


def refuse_without_packages() -> None:
    """Refuse to export where what exports, or checks the export, is not installed.

    Raises:
        UserError: A package is missing.
    """
    try:
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401  what torch exports with
    except ImportError as error:
        raise UserError(
            f"{error.name}: not installed; pip install mmext[onnx]"
        ) from None


def export_graph(network: nn.Module, bands: int, multiple: int) -> Any:
    """Export a network as it computes, for images of any number and size.

    Args:
        network: In eval mode, from ``image`` (N, C, H, W) float32 to ``probability``
            (N, K, H, W).
        bands: Bands C of its images.
        multiple: What H and W are multiples of.

    Returns:
        An ``onnx.ModelProto``.

    Raises:
        UserError: It has parts that torch can't export for images of any size.
    """
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
        try:
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
        except torch.onnx.OnnxExporterError as error:
            # Its own words are advice to programmers, in colours.
            reason = one_line(error.__cause__ or error)[:200]
            raise UserError(
                f"torch can't export this network for images of any size ({reason})"
            ) from error
    return program.model_proto


def difference_from_torch(
    network: nn.Module, content: bytes, images: list[torch.Tensor]
) -> float:
    """The largest difference of ONNX Runtime's output from torch's.

    Args:
        network: In eval mode.
        content: The exported file.
        images: (N, C, H, W) float32 each.

    Raises:
        UserError: ONNX Runtime can't run the file.
    """
    import onnxruntime

    differences = []
    for image in images:
        with torch.inference_mode():
            expected = network(image).numpy()
        try:
            # Of some networks torch writes down the sizes of its example.
            session = onnxruntime.InferenceSession(content)
            [found] = session.run(None, {"image": image.numpy()})
        except Exception as error:  # it has exceptions of its own
            raise UserError(
                "ONNX Runtime can't run what torch exports of this network for images "
                f"of any size ({one_line(error)[:200]})"
            ) from None
        differences.append(float(np.abs(found - expected).max()))
    return max(differences)
