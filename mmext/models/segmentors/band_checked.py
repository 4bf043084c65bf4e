"""An encoder–decoder that says when an image has the wrong bands, and may be frozen."""

from collections.abc import Sequence
from typing import Self

from mmseg.models.segmentors import EncoderDecoder
from torch import Tensor

from mmext.errors import UserError


class BandCheckedEncoderDecoder(EncoderDecoder):
    """mmseg's encoder–decoder, refusing what its backbone cannot take."""

    #: Names of the parts that aren't trained.
    frozen: tuple[str, ...] = ()

    def train(self, mode: bool = True) -> Self:
        """As torch's, but what is frozen stays as in evaluation.

        Its batch norms keep their statistics, and nothing in it is drawn at random.
        """
        super().train(mode)
        for name in self.frozen:
            self.get_submodule(name).eval()
        return self

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
