"""What several processes make of a config's batch and learning rate."""

from typing import Literal

from mmengine.config import Config

from mmext.errors import UserError

#: ``keep``: the processes share the config's batch. ``scale``: each takes a batch of
#: its own, and the learning rate grows with their number (mmengine's auto_scale_lr).
BatchChange = Literal["keep", "scale"]


def share_batch(
    config: Config, processes: int, change: BatchChange | None
) -> str | None:
    """Set a training's batch and learning rate for some processes, in place.

    A batch size is a process's: N processes take N batches a step. With
    ``change='keep'`` each takes an N-th of it. With ``'scale'`` the learning rate is
    multiplied by the step's tiles over ``auto_scale_lr.base_batch_size``; where the
    config states none, the batch size that it was made for is its own.

    Args:
        config: The config.
        processes: N, how many train together.
        change: What to do; None changes nothing.

    Returns:
        What it comes to, for the user; None for one process.

    Raises:
        UserError: The batch can't be shared evenly, or the config sets no learning
            rate to scale.
    """
    loader = config.train_dataloader
    batch = loader.get("batch_size", 1)
    rate = (config.optim_wrapper.get("optimizer") or {}).get("lr")
    if change == "keep":
        if batch % processes:
            raise UserError(
                f"--keep-batch: train_dataloader.batch_size is {batch}, expected a "
                f"multiple of the {processes} processes"
            )
        loader.batch_size = batch // processes
    if change == "scale":
        stated = (config.get("auto_scale_lr") or {}).get("base_batch_size")
        if rate is None:
            raise UserError(
                "--auto-scale-lr: optim_wrapper.optimizer.lr is not set, expected one"
            )
        base = stated or batch
        config.auto_scale_lr = dict(enable=True, base_batch_size=base)
        rate = rate * batch * processes / base
    if processes == 1:
        return None
    each = loader.batch_size
    line = (
        f"{processes} processes with {each} samples each: {each * processes} a step "
        f"at learning rate {rate if rate is None else format(rate, 'g')}"
    )
    if change is None:
        line += (
            f"; one process takes {batch} (--keep-batch divides them, --auto-scale-lr "
            "raises the learning rate)"
        )
    return line
