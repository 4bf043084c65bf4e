"""Test-time augmentation for independent channels."""

import torch
from mmengine.model import BaseTTAModel
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmext.registry import MODELS

from .decision_parts import set_parts


@MODELS.register_module()
class BinaryTTAModel(BaseTTAModel):
    """Average the probabilities of augmented views and decide once.

    mmseg's ``SegTTAModel`` takes the sigmoid of what already is a probability. As with
    it, ``module`` is the config of a :class:`BinarySegmentor`, and
    ``data_preprocessor`` that of another preprocessor than the module's own.
    """

    def merge_preds(
        self, data_samples_list: list[list[SegDataSample]]
    ) -> list[SegDataSample]:
        """Merge the views of each image.

        Args:
            data_samples_list: For each image its views' predictions, turned back
                to the original image.

        Returns:
            One sample per image, with ``seg_logits`` the logits of the averaged
            probabilities.
        """
        return [self._merge(views) for views in data_samples_list]

    def _merge(self, views: list[SegDataSample]) -> SegDataSample:
        probabilities = torch.stack([v.seg_logits.data.sigmoid() for v in views])
        mean = probabilities.mean(dim=0)
        decision = self.module.decide(mean[None])
        channels = [decision["channels"][name] for name in self.module.channels]
        merged = views[0]
        merged.set_data(
            {
                "seg_logits": PixelData(data=mean.logit(eps=1e-6)),
                "pred_sem_seg": PixelData(data=decision["mask"].long()),
                "pred_channels": PixelData(data=torch.cat(channels).to(torch.uint8)),
            }
        )
        set_parts(merged, decision, self.module.union_decoder)
        return merged
