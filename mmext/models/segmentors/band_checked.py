"""An encoder–decoder that says when an image has the wrong bands."""

from collections.abc import Sequence

from mmseg.models.segmentors import EncoderDecoder
from torch import Tensor

from mmext.errors import UserError


class BandCheckedEncoderDecoder(EncoderDecoder):
    """mmseg's encoder–decoder, refusing what its backbone cannot take."""

    def extract_feat(self, inputs: Tensor) -> Sequence[Tensor]:
        """The backbone's, or the neck's, feature maps.

        Args:
            inputs: (N, C, H, W), normalised.

        Raises:
            UserError: The number of bands differs from the backbone's.
        """
        expected = getattr(self.backbone, "in_channels", inputs.shape[1])
        if inputs.shape[1] != expected:
            raise UserError(
                f"image: has {inputs.shape[1]} bands, model.backbone.in_channels "
                f"expects {expected}"
            )
        return super().extract_feat(inputs)
