"""What a scene's decision needs of its tiles, beside their own."""

from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmext.models.decoders.union_decoder import Decision, UnionDecoder


def set_parts(sample: SegDataSample, decision: Decision, decoder: UnionDecoder) -> None:
    """Say of a tile what its scene can be decided by.

    Nothing, of a decoder that decides pixel by pixel. Else ``pred_pixels`` and, of one
    that decides by components, ``pred_core``, both (1, H, W) bool, see
    :class:`~mmext.models.decoders.union_decoder.Decision`; and the metainfo ``grow``,
    pixels by which what is decided grows.

    Args:
        sample: The tile.
        decision: Of this tile alone, a batch of one.
        decoder: What decided.
    """
    if "pixels" not in decision:
        return
    sample.set_metainfo({"grow": decoder.grow})
    sample.set_data({"pred_pixels": PixelData(data=decision["pixels"])})
    if "core" in decision:
        sample.set_data({"pred_core": PixelData(data=decision["core"])})
