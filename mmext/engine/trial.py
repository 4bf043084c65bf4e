"""Whether a model takes its data: one sample through it, before a run begins."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.device import get_device
from mmengine.runner import Runner

from mmext.errors import UserError, one_line
from mmext.models.unwrapped import unwrapped


def try_model(runner: Runner) -> None:
    """Put a training sample through the loss and a validation sample through the model.

    Nothing is learned and no random number is used up: the model is as before.

    Args:
        runner: About to train.

    Raises:
        UserError: The model does not fit the data, or its parts each other.
    """
    model = unwrapped(runner.model)
    was_training = model.training
    model.eval()
    try:
        with _random_numbers_kept(), torch.no_grad():
            _try("train_dataloader", runner.train_dataloader, _loss(model))
            if runner.val_loop is not None:
                _try("val_dataloader", runner.val_dataloader, model.val_step)
    finally:
        model.train(was_training)


@contextmanager
def _random_numbers_kept() -> Iterator[None]:
    states = random.getstate(), np.random.get_state()  # noqa: NPY002  mmcv's
    on_gpu = get_device() == "cuda"
    with torch.random.fork_rng([torch.cuda.current_device()] if on_gpu else []):
        yield
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002


def _loss(model: Any) -> Any:
    def loss(batch: dict[str, Any]) -> None:
        data = model.data_preprocessor(batch, False)
        model(data["inputs"], data.get("data_samples"), mode="loss")

    return loss


def _try(name: str, loader: Any, step: Any) -> None:
    try:
        step(pseudo_collate([loader.dataset[0]]))
    except UserError as error:
        raise UserError(f"{name}: {error}") from None
    except Exception as error:
        raise UserError(
            f"{name}: the model can't take its first sample "
            f"({type(error).__name__}: {one_line(error)})"
        ) from error
