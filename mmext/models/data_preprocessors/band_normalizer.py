"""From raw pixel values to what the network reads."""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from mmext.checked import Finite, Positive
from mmext.errors import UserError
from mmext.registry import MODELS
from mmext.structures import TileSamples


@MODELS.register_module()
class BandNormalizer(BaseDataPreprocessor):
    """Stack a batch, change it as its pipeline says, and normalise: (x − mean) / std.

    A batch that was read as one (:class:`~mmext.structures.TileSamples`) comes in the
    store's data type, eight or sixteen bits a value. It is cast, flipped, turned and
    normalised where the model runs.

    mmseg's ``SegDataPreProcessor`` pads batches, and of the targets only those that
    it knows; tiles of one batch have one size.

    Args:
        mean: Mean of each band, in the source's units. In a config
            ``'from_store'`` stands for the training store's.
        std: Standard deviation of each band, likewise.
        non_blocking: Whether copies to the device may overlap with computing.
    """

    def __init__(
        self,
        mean: Sequence[Finite] | Literal["from_store"],
        std: Sequence[Positive] | Literal["from_store"],
        non_blocking: bool = False,
    ) -> None:
        super().__init__(non_blocking)
        for key, values in (("mean", mean), ("std", std)):
            if isinstance(values, str):
                raise UserError(
                    f"model.data_preprocessor.{key}: is {values!r}, expected numbers; "
                    "'from_store' is filled in by 'mmext train' and 'mmext test'"
                )
            band = torch.tensor(list(values), dtype=torch.float32).view(-1, 1, 1)
            self.register_buffer(key, band, persistent=False)

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Stack, cast and normalise.

        Args:
            data: ``inputs``, a list of (C, H, W) tensors or one (N, C, H, W), of any
                integer or float dtype; and ``data_samples``, if there are any.
            training: Not used; mmengine passes it.

        Returns:
            ``inputs`` (N, C, H, W) float32, laid out in memory as they came, and
            ``data_samples``.

        Raises:
            UserError: The images differ in size, or have other bands than the mean.
        """
        data = self.cast_data(data)
        inputs = data["inputs"]
        if not isinstance(inputs, torch.Tensor):
            shapes = {tuple(image.shape) for image in inputs}
            if len(shapes) > 1:
                raise UserError(
                    f"batch: holds images of shapes {sorted(shapes)}, expected one: "
                    "crop them to one size in the pipeline"
                )
            inputs = torch.stack(list(inputs))
        if inputs.shape[1] != len(self.mean):
            raise UserError(
                f"image: has {inputs.shape[1]} bands, model.data_preprocessor.mean is "
                f"for {len(self.mean)}"
            )
        inputs, samples = inputs.float(), data.get("data_samples")
        if isinstance(samples, TileSamples):
            inputs = samples.change(inputs)
        return {"inputs": self._normalise(inputs), "data_samples": samples}

    def _normalise(self, images: Tensor) -> Tensor:
        if not images.is_contiguous(memory_format=torch.channels_last):
            return (images - self.mean) / self.std
        # A row of pixels at a time: the same sums, where bands lie side by side in
        # memory three times as fast on a CPU.
        number, bands, height, width = images.shape
        rows = images.permute(0, 2, 3, 1).reshape(number, height, width * bands)
        mean, std = (band.view(-1).repeat(width) for band in (self.mean, self.std))
        normalised = ((rows - mean) / std).view(number, height, width, bands)
        return normalised.permute(0, 3, 1, 2)
