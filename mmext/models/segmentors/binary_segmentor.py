"""A segmentor whose channels are independent and decided by a decoder."""

from collections.abc import Sequence

import torch
from mmengine.config import ConfigDict
from mmengine.structures import PixelData
from mmseg.models.utils import resize
from mmseg.structures import SegDataSample
from torch import Tensor

from mmext.errors import UserError
from mmext.models.decoders.union_decoder import Decision, UnionDecoder
from mmext.models.first_convolution import accept_colour_weights
from mmext.models.freezing import freeze
from mmext.registry import MODELS

from .band_checked import BandCheckedEncoderDecoder
from .decision_parts import set_parts
from .original_frame import to_original_frame


@MODELS.register_module()
class BinarySegmentor(BandCheckedEncoderDecoder):
    """mmseg's encoder–decoder with multi-label channels and a decoder.

    mmseg takes the arg max over several channels and a sigmoid of one; neither
    can express a union. Here every channel has its own sigmoid, and ``decoder``
    makes one mask of them. Training, whole and sliding inference, necks and
    auxiliary heads are mmseg's.

    Args:
        backbone: Config of the backbone.
        decode_head: Config of a :class:`~mmext.models.decode_heads.MultiLabelHead`.
        decoder: Config of a :class:`~mmext.models.decoders.UnionDecoder`; None
            means the union above 0.5.
        neck: Config of a neck.
        auxiliary_head: Config of one or more further heads, only for training.
        data_preprocessor: Config of a
            :class:`~mmext.models.data_preprocessors.BandNormalizer`.
        train_cfg: As in mmseg.
        test_cfg: As in mmseg; None means whole inference.
        init_cfg: As in mmseg.
        channels_last: Keep weights and maps with the channels of a pixel side by side
            in memory (NHWC). It is faster, and rounds otherwise: outputs differ in
            their last digits.
        frozen: Parts that aren't trained, see :func:`~mmext.models.freezing.freeze`.

    Raises:
        UserError: The decoder is another class, or names a channel that the head has
            not; ``frozen`` names no part.
    """

    def __init__(
        self,
        backbone: dict,
        decode_head: dict,
        decoder: dict | None = None,
        neck: dict | None = None,
        auxiliary_head: dict | list[dict] | None = None,
        data_preprocessor: dict | None = None,
        train_cfg: dict | None = None,
        test_cfg: dict | None = None,
        init_cfg: dict | None = None,
        channels_last: bool = False,
        frozen: Sequence[str] = (),
    ) -> None:
        super().__init__(
            backbone=backbone,
            decode_head=decode_head,
            neck=neck,
            auxiliary_head=auxiliary_head,
            data_preprocessor=data_preprocessor,
            train_cfg=train_cfg,
            test_cfg=ConfigDict(test_cfg or dict(mode="whole")),
            init_cfg=init_cfg,
        )
        accept_colour_weights(self.backbone)
        self.frozen = freeze(self, frozen)
        self.union_decoder: UnionDecoder = MODELS.build(
            decoder or dict(type="UnionDecoder")
        )
        if type(self.union_decoder) is not UnionDecoder:
            # Exports, studies and fitted decisions know a decoder by its arguments.
            raise UserError(
                f"model.decoder.type: is {type(self.union_decoder).__name__}, expected "
                "UnionDecoder; a rule of your own is a mode of it (pixel_rule)"
            )
        self.union_decoder.check(self.channels)
        self.memory_format = (
            torch.channels_last if channels_last else torch.contiguous_format
        )
        self.to(memory_format=self.memory_format)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the K output channels."""
        return self.decode_head.channels

    def extract_feat(self, inputs: Tensor) -> Sequence[Tensor]:
        """Feature maps, in the memory format of the weights.

        Args:
            inputs: (N, C, H, W), normalised, in any memory format.

        Raises:
            UserError: The number of bands differs from the backbone's.
        """
        return super().extract_feat(inputs.contiguous(memory_format=self.memory_format))

    def decide(self, probabilities: Tensor) -> Decision:
        """One mask, and each channel's, from probabilities.

        Args:
            probabilities: (N, K, H, W) in [0, 1].
        """
        return self.union_decoder(probabilities, self.channels)

    def probabilities(self, inputs: Tensor) -> Tensor:
        """Probabilities from raw pixel values, in one pass.

        Args:
            inputs: (N, C, H, W) pixel values as they are in the store, of any
                integer or float dtype.

        Returns:
            (N, K, H, W) float32 in [0, 1].

        Raises:
            UserError: The number of bands differs from the preprocessor's or the
                backbone's.
        """
        # numpy's uint16 comes over as a dtype that few operations know.
        batch = self.data_preprocessor({"inputs": inputs.float()})["inputs"]
        logits = self._forward(batch)
        if logits.shape[2:] != batch.shape[2:]:
            logits = resize(
                logits,
                size=batch.shape[2:],
                mode="bilinear",
                align_corners=self.align_corners,
            )
        return logits.float().sigmoid()

    def postprocess_result(
        self, seg_logits: Tensor, data_samples: list[SegDataSample] | None = None
    ) -> list[SegDataSample]:
        """Undo padding, flips and resizing, and decide.

        Args:
            seg_logits: (N, K, H, W).
            data_samples: Samples whose metainfo says what was done to the image;
                None if nothing was.

        Returns:
            Samples with ``seg_logits`` (K, h, w) float32, ``pred_sem_seg`` (1, h, w)
            int64, ``pred_channels`` (K, h, w) uint8 and the metainfo ``channels``; and
            what :func:`~.decision_parts.set_parts` adds.
        """
        if data_samples is None:
            data_samples = [SegDataSample() for _ in seg_logits]
        for logits, sample in zip(seg_logits, data_samples, strict=True):
            original = to_original_frame(
                logits[None].float(), sample.metainfo, self.align_corners
            )
            decision = self.decide(original.sigmoid())
            channels = torch.cat([decision["channels"][n] for n in self.channels])
            sample.set_metainfo({"channels": self.channels})
            sample.set_data(
                {
                    "seg_logits": PixelData(data=original[0]),
                    "pred_sem_seg": PixelData(data=decision["mask"].long()),
                    "pred_channels": PixelData(data=channels.to(torch.uint8)),
                }
            )
            set_parts(sample, decision, self.union_decoder)
        return data_samples
