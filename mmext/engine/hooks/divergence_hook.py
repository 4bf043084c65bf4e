"""Ending a training whose numbers have ceased to be numbers."""

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.nn.utils import get_total_norm

from mmext.errors import UserError
from mmext.registry import HOOKS
from mmext.structures import TileSamples

_PREDICTED = ("seg_logits", "pred_depth_map")
_PLACE = ("tile_id", "scene", "row_off", "col_off", "sample_id")


@HOOKS.register_module()
class DivergenceHook(Hook):
    """Stop when the loss, a weight or a prediction is NaN or infinite.

    Looks after every iteration, before anything is accumulated or saved, so the last
    checkpoint is of good weights. What it looks at comes from the device at once, with
    the losses, and the hooks after it get those: one wait an iteration. Under mixed
    precision a step whose *gradients* overflow is skipped by the ``GradScaler`` and
    none of this hook's business.

    Raises:
        UserError: With epoch, iteration, learning rate and the batch's tiles.
    """

    # Before the first that reads a loss: each would wait for the device by itself.
    priority = "HIGHEST"

    def before_train_epoch(self, runner: Runner) -> None:
        """Find all weights and statistics, so that no iteration has to."""
        tensors = itertools.chain(runner.model.parameters(), runner.model.buffers())
        self._weights = [tensor for tensor in tensors if tensor.is_floating_point()]

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Look at the losses and the weights that they led to."""
        outputs = {} if outputs is None else outputs
        # A number if each weight is one, or too large; of plain tensors, which torch
        # looks at together.
        norm = get_total_norm([tensor.detach() for tensor in self._weights])
        *losses, weights = _brought_home([*outputs.values(), norm])
        outputs.update(zip(outputs, losses, strict=True))
        wrong = [
            f"{name} is {float(value):g}"
            for name, value in outputs.items()
            if not torch.isfinite(value)
        ]
        # Squares of finite weights may overflow: only then each is looked at.
        suspect = not (wrong or torch.isfinite(weights))
        if suspect and (name := first_not_finite(runner.model)):
            wrong = [f"the weights' {name} holds NaN or infinity after the step"]
        if not wrong:
            return
        rate = runner.optim_wrapper.get_lr()["lr"][0]
        raise UserError(
            f"training stopped at epoch {runner.epoch + 1}, iteration "
            f"{batch_idx + 1} of {len(runner.train_dataloader)}, learning rate "
            f"{rate:g}: {', '.join(wrong)}; {_last_checkpoint(runner)}; batch: "
            f"{describe_batch(data_batch or {})}"
        )

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        """Look at predictions, which would count as background."""
        _refuse_predictions(outputs or (), "validation")

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        """Look at predictions, which would count as background."""
        _refuse_predictions(outputs or (), "test")


def first_not_finite(model: nn.Module) -> str:
    """Name of a parameter or buffer that holds NaN or infinity; empty if none does."""
    named = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return next(
        (
            name
            for name, tensor in named.items()
            if tensor.is_floating_point() and not torch.isfinite(tensor).all()
        ),
        "",
    )


def _brought_home(values: Sequence[Any]) -> list[Tensor]:
    """Numbers, on whatever device, as tensors in main memory: in one transfer."""
    tensors = [torch.as_tensor(value).detach().float().reshape(()) for value in values]
    device = tensors[-1].device
    return list(torch.stack([tensor.to(device) for tensor in tensors]).cpu())


def describe_batch(batch: dict[str, Any]) -> str:
    """The samples of a batch: those with values that aren't finite first.

    Args:
        batch: As a loader gives it: ``inputs``, B tensors (C, H, W) or one
            (B, C, H, W), and ``data_samples``, B samples with their metainfo.
    """
    samples, images = batch.get("data_samples", ()), batch.get("inputs", ())
    if isinstance(samples, TileSamples):
        samples = samples.without_maps()
    bad = [
        sample
        for sample, image in zip(samples, images, strict=False)
        if image.is_floating_point() and not torch.isfinite(image).all()
    ]
    text = _places(samples)
    if bad:
        text = f"{_places(bad)} with NaN or infinity in the image, among {text}"
    return text


def _places(samples: Iterable[Any]) -> str:
    return "; ".join(
        " ".join(
            f"{key.removesuffix('_off')} {sample.get(key)}"
            for key in _PLACE
            if sample.get(key) is not None
        ).replace("tile_id", "tile")
        for sample in samples
    )


def _last_checkpoint(runner: Runner) -> str:
    last = runner.message_hub.runtime_info.get("last_ckpt")
    if last is None or not Path(last).is_file():
        return "there is no checkpoint yet"
    return f"{last} is from before"


def _refuse_predictions(samples: Sequence[Any], part: str) -> None:
    bad = [
        sample
        for sample in samples
        for name in _PREDICTED
        if name in sample and not torch.isfinite(sample.get(name).data).all()
    ]
    if bad:
        raise UserError(
            f"{part}: predictions hold NaN or infinity: {_places(bad)}; look at the "
            "images of these and at the weights"
        )
