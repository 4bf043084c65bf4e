"""Joining and leaving the processes of a distributed run."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import torch
from mmengine import dist
from mmengine.config import Config
from mmengine.device import get_device

from mmext.engine.termination import STATUS, Terminated
from mmext.errors import UserError
from mmext.fileio import locked

_DDP = "MMDistributedDataParallel"


def join_processes(config: Config, launcher: str) -> None:
    """Join the processes of a distributed run: with gloo on the CPU, NCCL is for GPUs.

    mmengine's own set-up takes a CUDA device for each process, whatever the backend.

    Args:
        config: On CPUs ``model_wrapper_cfg`` gets what they need, in place.
        launcher: How processes were started; 'none' for a single one.

    Raises:
        UserError: The model is to be wrapped in something else than DDP.
    """
    wrapper = config.get("model_wrapper_cfg") or {}
    kind = wrapper.get("type", _DDP)
    if str(kind).rpartition(".")[2] != _DDP:
        # FSDP: a checkpoint would hold one process's share of the weights, and passes
        # in which each process predicts other tiles would wait for one another.
        raise UserError(
            f"model_wrapper_cfg.type: is {kind}, expected {_DDP}: error passes and "
            "checkpoints need each process to hold the whole model"
        )
    if launcher == "none":
        return
    if get_device() == "cuda":
        if not dist.is_distributed():
            dist.init_dist(launcher, **config.get("env_cfg", {}).get("dist_cfg", {}))
        return
    config.model_wrapper_cfg = dict(
        dict(type=_DDP, broadcast_buffers=False), **wrapper, device_ids=None
    )
    if not dist.is_distributed():
        torch.distributed.init_process_group("gloo")


@contextmanager
def locked_for_all(folder: Path) -> Iterator[None]:
    """Keep a folder to this run while the block runs; its first process does it.

    Args:
        folder: See :func:`~mmext.fileio.locked`.

    Raises:
        UserError: Another run has it. Of several processes the first says so, and
            the others end with it.
    """
    with ExitStack() as stack:
        refusal: list[str | None] = [None]
        if dist.is_main_process():
            try:
                stack.enter_context(locked(folder))
            except UserError as error:
                refusal = [str(error)]
        dist.broadcast_object_list(refusal)
        if refusal[0] is not None:
            if dist.is_main_process():
                raise UserError(refusal[0])
            sys.exit(2)
        yield


@contextmanager
def process_group_ended() -> Iterator[None]:
    """End the process group, if one was begun, when all processes have ended the block.

    A process that shuts down while gloo's threads still run is aborted now and then
    ("terminate called without an active exception"), and the launcher calls the whole
    training failed. So after the block such a process ends without a shutdown of the
    interpreter; all files are closed by then.
    """
    status = 0
    try:
        yield
    except Terminated:  # all of them, together
        if not dist.is_distributed():
            raise
        status = STATUS
    if not dist.is_distributed():
        return
    torch.distributed.barrier()
    on_cpu = torch.distributed.get_backend() == "gloo"
    torch.distributed.destroy_process_group()
    if on_cpu:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    if status:
        sys.exit(status)
