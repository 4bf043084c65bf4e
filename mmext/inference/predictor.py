"""What mapping needs of a network, whatever runs it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from mmext.inference.prediction_settings import Backend
from mmext.models.decoders.union_decoder import Decision, UnionDecoder

from .correctness import Correctness


@dataclass(frozen=True)
class Predictor:
    """A network ready to predict windows.

    Attributes:
        backend: What runs it: ``eager``, ``compile``, ``onnxruntime``, ``openvino``.
        probabilities: (1, C, H, W) raw pixel values as they are in the scene, uint8,
            uint16 or float32, to (1, K, H, W) float32 in [0, 1], on the CPU.
        channels: Names of the K channels.
        decoder: Makes one mask of them.
        reach: How many pixels away a prediction looks; None if unknown.
        multiple: Side of the network's pooling grid.
        store: What is known of the training store.
        path: The checkpoint or exported model.
        sha256: The hash of the checkpoint.
        precision: ``fp32``, the 16-bit type that convolutions run in, or ``int8`` and
            what it was calibrated on.
        correctness: How likely an object is correct; None if nobody fitted that.
    """

    backend: Backend
    probabilities: Callable[[Tensor], Tensor]
    channels: tuple[str, ...]
    decoder: UnionDecoder
    reach: int | None
    multiple: int
    store: dict[str, Any]
    path: Path
    sha256: str
    precision: str = "fp32"
    correctness: Correctness | None = None

    def decide(self, probabilities: Tensor) -> Decision:
        """One mask, and each channel's, from (N, K, H, W) probabilities.

        Pixel by pixel: what depends on whole components, and growth, need the whole
        scene.
        """
        return self.decoder.by_pixels(probabilities, self.channels)
