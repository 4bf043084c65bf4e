"""Joining and leaving the processes of a distributed run."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine import dist
from mmengine.config import Config


def join_cpu_processes(config: Config, launcher: str) -> None:
    """Set up gloo where there is no GPU; elsewhere the Runner does its part.

    mmengine's own set-up takes a CUDA device for each process, whatever the backend.

    Args:
        config: Gets the wrapper that distributes a model on CPUs, in place.
        launcher: How processes were started; 'none' for a single one.
    """
    if launcher == "none" or torch.cuda.is_available():
        return
    config.model_wrapper_cfg = dict(
        type="MMDistributedDataParallel", device_ids=None, broadcast_buffers=False
    )
    if not dist.is_distributed():
        torch.distributed.init_process_group("gloo")


@contextmanager
def process_group_ended() -> Iterator[None]:
    """End the process group, if one was begun, when the block has succeeded.

    A process that shuts down while gloo's threads still run is aborted now and then
    ("terminate called without an active exception"), and the launcher calls the whole
    training failed. So after the block such a process ends without a shutdown of the
    interpreter; all files are closed by then.
    """
    yield
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return
    torch.distributed.barrier()
    on_cpu = torch.distributed.get_backend() == "gloo"
    torch.distributed.destroy_process_group()
    if on_cpu:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
