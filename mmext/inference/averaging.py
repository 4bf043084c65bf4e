"""One checkpoint made of several: averaged weights, batch-norm statistics to match."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner, set_random_seed
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import (
    AveragedModel,
    get_ema_multi_avg_fn,
    get_swa_multi_avg_fn,
    update_bn,
)
from tqdm import tqdm

from mmext.errors import UserError, one_line
from mmext.fileio import atomic_path
from mmext.registry import DATA_SAMPLERS, DATASETS, FUNCTIONS, TASK_UTILS, TRANSFORMS

from .checkpoint import checkpoint_config, load_model, load_weights, read_checkpoint
from .checkpoint_file import file_identity
from .registered import refuse_unregistered


def write_average(
    paths: Sequence[Path], out: Path, decay: float | None = None, device: str = "cpu"
) -> None:
    """Write a checkpoint of averaged weights, which predicts as any other.

    It can't be resumed: an average has no optimizer.

    Args:
        paths: Checkpoints of one training, the oldest first.
        out: The file to write.
        decay: See :func:`average_checkpoints`.
        device: Where the network runs.

    Raises:
        UserError: See :func:`average_checkpoints`.
    """
    checkpoint = average_checkpoints(paths, decay, device)
    with atomic_path(out) as temporary:
        torch.save(checkpoint, temporary)


def average_checkpoints(
    paths: Sequence[Path], decay: float | None = None, device: str = "cpu"
) -> dict[str, Any]:
    """Average the weights of a training's checkpoints.

    Batch norm's running statistics belong to weights and can't be averaged: they are
    estimated anew in one pass over the training's own batches, as its sampler draws
    and its pipeline changes them (Izmailov et al. 2018, section 3.2). Heads that only
    train, and so see none of it, keep the newest checkpoint's. The same files give the
    same average; the global random generators are seeded for that.

    Args:
        paths: Checkpoints, the oldest first. Of one only the statistics change.
        decay: Each checkpoint before the next one counts this much of what it would
            (an exponential moving average; the first is where it starts); None for
            the uniform mean.
        device: Where the network runs.

    Returns:
        ``meta`` of the newest with :func:`average_record` as ``average``, and
        ``state_dict``.

    Raises:
        UserError: A checkpoint is damaged, of another model, or holds NaN; or the
            training's data isn't there.
    """
    newest = read_checkpoint(paths[-1])
    model = load_model(paths[-1], device).model
    update = get_swa_multi_avg_fn() if decay is None else get_ema_multi_avg_fn(decay)
    average = AveragedModel(model, multi_avg_fn=update)
    for path in tqdm(paths, desc="Averaging", unit="checkpoint"):
        checkpoint = read_checkpoint(path)
        config = checkpoint_config(checkpoint, path)
        _refuse_other_channels(config, model.channels, path)
        load_weights(model, checkpoint["state_dict"], path)
        _refuse_not_finite(checkpoint["state_dict"], path)
        average.update_parameters(model)
    _estimate_batch_norm(average.module, config, paths[-1])
    return {
        "meta": {**newest["meta"], "average": average_record(paths, decay)},
        "state_dict": average.module.cpu().state_dict(),
    }


def average_record(paths: Sequence[Path], decay: float | None) -> dict[str, Any]:
    """What an average says of itself: of which files and how, plain values."""
    return {"of": [file_identity(path) for path in paths], "decay": decay}


def _estimate_batch_norm(model: nn.Module, config: Config, path: Path) -> None:
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        return
    before = [copy.deepcopy(norm.state_dict()) for norm in norms]
    update_bn(_training_batches(model, config, path), model)
    for norm, state in zip(norms, before, strict=True):
        if not norm.num_batches_tracked:
            norm.load_state_dict(state)


def _training_batches(model: nn.Module, config: Config, path: Path) -> Iterator[Tensor]:
    set_random_seed(0)
    loader = _training_loader(config, path)
    for data in tqdm(loader, desc="Batch-norm statistics", unit="batch"):
        yield model.data_preprocessor(data, training=True)["inputs"]


def _training_loader(config: Config, path: Path) -> Any:
    described = config.get("train_dataloader")
    if not isinstance(described, Mapping):
        raise UserError(
            f"{path}: its config has no train_dataloader, expected one to estimate "
            "batch-norm statistics with"
        )
    kinds = (DATASETS, DATA_SAMPLERS, TRANSFORMS, FUNCTIONS, TASK_UTILS)
    refuse_unregistered(described, kinds, f"{path}: train_dataloader")
    try:
        with DefaultScope.overwrite_default_scope("mmext"):
            return Runner.build_dataloader(described, seed=0)
    except UserError as error:
        raise UserError(f"{path}: train_dataloader: {error}") from None
    # Components of several libraries get what the file says, and may say anything.
    except Exception as error:
        raise UserError(
            f"{path}: its train_dataloader can't be built ({one_line(error)[:200]})"
        ) from None


def _refuse_other_channels(
    config: Config, channels: tuple[str, ...], path: Path
) -> None:
    head = (config.get("model") or {}).get("decode_head") or {}
    found = tuple(head.get("channels") or channels)
    if found != channels:
        raise UserError(
            f"{path}: has the channels {', '.join(found)}, expected "
            f"{', '.join(channels)} as the newest checkpoint"
        )


def _refuse_not_finite(weights: Mapping[str, Tensor], path: Path) -> None:
    for name, weight in weights.items():
        if not torch.isfinite(weight).all():
            raise UserError(f"{path}: {name} holds NaN or infinity, expected numbers")
