"""Where a network runs: the one place that knows devices by name."""

import contextlib
import os
import re
from collections.abc import Iterator

from mmext.errors import UserError


def known_device(name: str) -> str:
    """A device that this machine has.

    Args:
        name: ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        ValueError: It has none of that name; says what was expected.
    """
    if not re.fullmatch(r"cpu|cuda(:\d+)?", name):
        raise ValueError("cpu, cuda or cuda:N")
    if name == "cpu":
        return name
    import torch

    number = torch.cuda.device_count()
    if not number:
        raise ValueError("cpu, there is no GPU that torch can use")
    if int(name.partition(":")[2] or 0) >= number:
        raise ValueError(f"cuda:0 to cuda:{number - 1}")
    return name


def choose_device(name: str | None) -> str:
    """The device that was asked for; without one a GPU, if there is one.

    Of several processes that a launcher started on a machine, each takes a GPU of its
    own.

    Args:
        name: As :func:`known_device` takes it, or None.
    """
    import torch

    name = name or ("cuda" if torch.cuda.is_available() else "cpu")
    process = os.environ.get("LOCAL_RANK")
    if name != "cuda" or process is None:
        return name
    return f"cuda:{int(process) % max(torch.cuda.device_count(), 1)}"


@contextlib.contextmanager
def running_on(name: str | None, launcher: str = "none") -> Iterator[None]:
    """Have all that asks ``mmengine.device.get_device`` use a device, in a block.

    mmengine looks for a GPU when it is imported and asks one variable from then on; of
    several GPUs it takes torch's current one.

    Args:
        name: As :func:`known_device` takes it; None leaves the choice to mmengine.
        launcher: How the processes of a distributed run were started. Each then takes
            a GPU of its own.

    Raises:
        UserError: Several processes shall share one GPU.
    """
    if name is None:
        yield
        return
    import torch
    from mmengine.device import utils

    kind, _, number = name.partition(":")
    if number and launcher != "none":
        raise UserError(
            f"--device: is {name} with --launcher {launcher}, expected cuda or cpu: "
            "each process takes a GPU of its own"
        )
    before, utils.DEVICE = utils.DEVICE, kind
    try:
        with torch.cuda.device(int(number)) if number else contextlib.nullcontext():
            yield
    finally:
        utils.DEVICE = before
