"""Joining the processes of a distributed run."""

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
