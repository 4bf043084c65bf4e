"""Two depths from one decoder: structure, and metres."""

import math
from collections.abc import Mapping, Sequence

import torch
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule, ModuleDict
from mmseg.models.utils import resize
from mmseg.structures import SegDataSample
from torch import Tensor, nn
from torch.nn import functional

from mmext.checked import Positive, checked
from mmext.errors import UserError
from mmext.models.decode_heads.multi_label_head import build_wrapped_head
from mmext.models.losses.depth import DepthMaps
from mmext.registry import MODELS
from mmext.structures.structural_space import StructuralSpace

_OUTPUTS = 2


@MODELS.register_module()
class DepthHead(BaseModule):
    """Structural and metric depth from the features of any mmseg decode head.

    The wrapped head's last convolution gives way to two branches, each a 3 × 3
    convolution with batch norm and ReLU and a 1 × 1 convolution. The metric depth is
    min · (max / min)^σ(x): in metres, inside the range whatever the weights, and as
    fine in proportion near the camera as far away. The structural depth is
    softplus(y) > 0, known up to scale and shift.

    Args:
        head: Config of an mmseg decode head whose ``forward`` ends in ``cls_seg``,
            without ``num_classes``, ``out_channels`` and what belongs to its loss.
        losses: Name → config of a loss that takes a
            :class:`~mmext.models.losses.depth.DepthMaps`; None switches one off.
        min_depth: Smallest depth, metres, > 0.
        max_depth: Largest depth, metres.
        structural_space: 'depth' or 'inverse_depth': what the teacher's maps are.
        norm_cfg: Normalisation in the branches.

    Raises:
        UserError: The range is none, the space is unknown, no loss is left, or
            ``head`` sets what the wrapper does.
    """

    def __init__(
        self,
        head: dict,
        losses: Mapping[str, dict | None],
        min_depth: Positive,
        max_depth: Positive,
        structural_space: StructuralSpace = "depth",
        norm_cfg: dict | None = None,
    ) -> None:
        he_normal: list[dict] = [
            dict(type="Kaiming", mode="fan_in", layer="Conv2d"),
            dict(type="Constant", val=1, layer="_BatchNorm"),
        ]
        super().__init__()
        if not 0 < min_depth < max_depth:
            raise UserError(
                f"decode_head.min_depth, max_depth: are {min_depth}, {max_depth}, "
                "expected 0 < min_depth < max_depth in metres"
            )
        checked(StructuralSpace, structural_space, "decode_head.structural_space")
        self.min_depth = float(min_depth)
        self.max_depth = float(max_depth)
        self.structural_space = structural_space
        self.head = build_wrapped_head(head, _OUTPUTS, "the two depths")
        width = self.head.channels
        self.head.conv_seg = nn.Identity()
        # mmseg's names the layer that is gone.
        self.head.init_cfg = None
        # mmengine's, which hands initialisation on.
        self.branches = ModuleDict(
            {
                name: _Branch(width, norm_cfg or dict(type="BN"), he_normal)
                for name in ("metric", "structural")
            }
        )
        for name, loss in losses.items():
            if loss and "type" not in loss:
                raise UserError(
                    f"decode_head.losses.{name}: has no type, so there is no such loss "
                    f"to change; there are {', '.join(losses)}"
                )
        self.losses = nn.ModuleDict(
            {name: MODELS.build(loss) for name, loss in losses.items() if loss}
        )
        if not self.losses:
            raise UserError("decode_head.losses: has none, expected one or more")
        # What mmseg's EncoderDecoder reads of a decode head.
        self.num_classes = self.out_channels = _OUTPUTS
        self.align_corners = self.head.align_corners

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Both outputs before their activations, at the wrapped head's size.

        Args:
            features: The backbone's, or the neck's, feature maps.

        Returns:
            (N, 2, h, w): metric, structural.
        """
        decoded = self.head(features)
        return torch.cat([branch(decoded) for branch in self.branches.values()], dim=1)

    def depths(self, raw: Tensor, size: Sequence[int]) -> Tensor:
        """The two depths at the image's size.

        Args:
            raw: (N, 2, h, w), as :meth:`forward` gives it.
            size: Height and width of the image.

        Returns:
            (N, 2, H, W) float32: metric depth in metres within the range, and
            structural depth > 0.
        """
        raw = raw.float()
        if tuple(raw.shape[2:]) != tuple(size):
            raw = resize(
                raw,
                size=tuple(size),
                mode="bilinear",
                align_corners=self.align_corners,
            )
        span = math.log(self.max_depth / self.min_depth)
        metric = self.min_depth * torch.exp(span * raw[:, :1].sigmoid())
        # Rounding may lead past the end of the range.
        metric = metric.clamp(self.min_depth, self.max_depth)
        return torch.cat([metric, functional.softplus(raw[:, 1:])], dim=1)

    def loss(
        self,
        inputs: Sequence[Tensor],
        batch_data_samples: list[SegDataSample],
        train_cfg: dict | None = None,
    ) -> dict[str, Tensor]:
        """Every loss, named ``loss_<name>``.

        Args:
            inputs: Feature maps.
            batch_data_samples: Samples with ``gt_depth_map`` and
                ``gt_structural_map`` (1, H, W), as far as the losses need them.
            train_cfg: Not used; mmseg passes it.

        Raises:
            UserError: A loss needs a target that the samples lack.
        """
        depth = _stack(batch_data_samples, "gt_depth_map")
        structure = _stack(batch_data_samples, "gt_structural_map")
        targets = [target for target in (depth, structure) if target is not None]
        size = targets[0].shape[2:] if targets else batch_data_samples[0].img_shape[:2]
        both = self.depths(self.forward(inputs), size)
        maps = DepthMaps(
            metric=both[:, :1],
            structural=both[:, 1:],
            depth_target=depth,
            structural_target=structure,
            structural_space=self.structural_space,
        )
        return {f"loss_{name}": loss(maps) for name, loss in self.losses.items()}

    def predict(
        self,
        inputs: Sequence[Tensor],
        batch_img_metas: list[dict],
        test_cfg: dict | None = None,
    ) -> Tensor:
        """The two depths (N, 2, H, W) at the size of the padded images.

        Args:
            inputs: Feature maps.
            batch_img_metas: Metainfo; of the first ``pad_shape`` or ``img_shape``
                is read.
            test_cfg: Not used; mmseg passes it.
        """
        meta = batch_img_metas[0]
        size = meta["img_shape"]
        if not isinstance(size, torch.Size):  # a window of slide inference
            size = meta.get("pad_shape", size)[:2]
        return self.depths(self.forward(inputs), size)


class _Branch(BaseModule):
    def __init__(self, width: int, norm_cfg: dict, init_cfg: list[dict]) -> None:
        super().__init__(init_cfg)
        self.convolution = ConvModule(width, width, 3, padding=1, norm_cfg=norm_cfg)
        self.output = nn.Conv2d(width, 1, 1)

    def forward(self, features: Tensor) -> Tensor:
        return self.output(self.convolution(features))


def _stack(samples: list[SegDataSample], name: str) -> Tensor | None:
    if any(name not in sample for sample in samples):
        return None
    return torch.stack([sample.get(name).data for sample in samples])
