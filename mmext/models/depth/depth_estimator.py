"""Depth from one thermal image, in two outputs."""

from collections.abc import Sequence

from mmengine.config import ConfigDict
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import Tensor

from mmext.models.first_convolution import accept_colour_weights
from mmext.models.freezing import freeze
from mmext.models.segmentors.band_checked import BandCheckedEncoderDecoder
from mmext.models.segmentors.original_frame import to_original_frame
from mmext.registry import MODELS


@MODELS.register_module()
class DepthEstimator(BandCheckedEncoderDecoder):
    """mmseg's encoder–decoder with a structural and a metric depth.

    mmseg's own ``DepthEstimator`` has one output and overwrites sliding inference
    with whole. Training, whole and sliding inference and necks are
    ``EncoderDecoder``'s. A backbone of other bands loads weights made for three
    (:func:`~mmext.models.first_convolution.accept_colour_weights`).

    Args:
        backbone: Config of the backbone.
        decode_head: Config of a :class:`~.depth_head.DepthHead`.
        neck: Config of a neck.
        data_preprocessor: Config of a
            :class:`~mmext.models.data_preprocessors.BandNormalizer`.
        train_cfg: As in mmseg.
        test_cfg: As in mmseg; None means whole inference.
        init_cfg: As in mmseg.
        frozen: Parts that aren't trained, see :func:`~mmext.models.freezing.freeze`.

    Raises:
        UserError: ``frozen`` names no part.
    """

    def __init__(
        self,
        backbone: dict,
        decode_head: dict,
        neck: dict | None = None,
        data_preprocessor: dict | None = None,
        train_cfg: dict | None = None,
        test_cfg: dict | None = None,
        init_cfg: dict | None = None,
        frozen: Sequence[str] = (),
    ) -> None:
        super().__init__(
            backbone=backbone,
            decode_head=decode_head,
            neck=neck,
            data_preprocessor=data_preprocessor,
            train_cfg=train_cfg,
            test_cfg=ConfigDict(test_cfg or dict(mode="whole")),
            init_cfg=init_cfg,
        )
        accept_colour_weights(self.backbone)
        self.frozen = freeze(self, frozen)

    @property
    def depth_range(self) -> tuple[float, float]:
        """Smallest and largest metric depth, metres."""
        return self.decode_head.min_depth, self.decode_head.max_depth

    @property
    def structural_space(self) -> str:
        """'depth' or 'inverse_depth'."""
        return self.decode_head.structural_space

    def depths(self, inputs: Tensor) -> dict[str, Tensor]:
        """Both depths of thermal images, in one pass.

        Args:
            inputs: (N, C, H, W), as the pipeline packs them (one band in [0, 1]).

        Returns:
            ``metric`` (N, 1, H, W) float32 in metres, within :attr:`depth_range`;
            ``structural`` (N, 1, H, W) float32 > 0.
        """
        batch = self.data_preprocessor({"inputs": inputs})["inputs"]
        both = self.decode_head.depths(self._forward(batch), batch.shape[2:])
        return {"metric": both[:, :1], "structural": both[:, 1:]}

    def postprocess_result(
        self, seg_logits: Tensor, data_samples: list[SegDataSample] | None = None
    ) -> list[SegDataSample]:
        """Undo padding, flips and resizing.

        Args:
            seg_logits: (N, 2, H, W): metric and structural depth.
            data_samples: Samples whose metainfo says what was done to the image;
                None if nothing was.

        Returns:
            Samples with ``pred_depth_map`` (1, h, w) float32 in metres and
            ``pred_structural_map`` (1, h, w) float32; their metainfo has the latter's
            ``structural_space``.
        """
        if data_samples is None:
            data_samples = [SegDataSample() for _ in seg_logits]
        for depths, sample in zip(seg_logits, data_samples, strict=True):
            [original] = to_original_frame(
                depths[None].float(), sample.metainfo, self.align_corners
            )
            sample.set_data(
                {
                    "pred_depth_map": PixelData(data=original[:1]),
                    "pred_structural_map": PixelData(data=original[1:]),
                }
            )
            sample.set_metainfo({"structural_space": self.structural_space})
        return data_samples
