"""What was run: the facts that a table of results needs beside it."""

import json
import os
import platform
import time
from pathlib import Path
from typing import Any

import mmcv
import mmengine
import mmseg
import numpy as np
import torch
from mmengine import dist
from mmengine.hooks import Hook
from mmengine.runner import Runner

import mmext
from mmext.fileio import atomic_path
from mmext.registry import HOOKS

FILE_NAME = "run.json"


@HOOKS.register_module()
class RunRecordHook(Hook):
    """Write ``run.json``: config, seed, versions, hardware, data, time, state.

    Args:
        lineage: The config's ``lineage``, copied; None for a first stage.
        epoch_scale: The config's ``epoch_scale``, copied.
    """

    priority = "LOWEST"

    def __init__(
        self, lineage: dict[str, Any] | None = None, epoch_scale: float = 1.0
    ) -> None:
        self.lineage = lineage
        self.epoch_scale = epoch_scale
        self._earlier_seconds = 0.0

    def before_train(self, runner: Runner) -> None:
        """Write the record with the state 'running'."""
        self.path = Path(runner.work_dir) / FILE_NAME
        if runner.epoch and self.path.is_file():
            self._earlier_seconds = json.loads(self.path.read_text())["seconds"]
        self._started = time.perf_counter()
        self._write(runner, "running")

    def after_train_epoch(self, runner: Runner) -> None:
        """Keep the time up to date, in case the run is killed."""
        self._write(runner, "running")

    def after_train(self, runner: Runner) -> None:
        """Write the record with the state 'finished'."""
        self._write(runner, "finished")

    def _write(self, runner: Runner, state: str) -> None:
        if not dist.is_main_process():
            return
        store = (runner.train_dataloader.dataset.metainfo or {}).get("store") or {}
        record = {
            "config": Path(runner.cfg.filename).stem,
            "seed": runner.seed,
            "epochs": runner.max_epochs,
            "epoch_scale": self.epoch_scale,
            "lineage": self.lineage,
            "store_fingerprint": store.get("fingerprint"),
            "versions": versions(),
            "hardware": hardware(),
            "processes": dist.get_world_size(),
            "seconds": self._earlier_seconds + time.perf_counter() - self._started,
            "state": state,
        }
        with atomic_path(self.path) as temporary:
            temporary.write_text(json.dumps(record, indent=2) + "\n")


def versions() -> dict[str, str]:
    """Versions of Python and of what the results rest on."""
    return {
        "python": platform.python_version(),
        "mmext": mmext.__version__,
        "torch": torch.__version__,
        "mmengine": mmengine.__version__,
        "mmcv": mmcv.__version__,
        "mmseg": mmseg.__version__,
        "numpy": np.__version__,
    }


def hardware() -> dict[str, Any]:
    """Processor, cores, threads and, if there is one, the GPU."""
    facts: dict[str, Any] = {
        "machine": platform.machine(),
        "cpu_cores": os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "gpu": None,
    }
    if torch.cuda.is_available():
        facts["gpu"] = torch.cuda.get_device_name()
        facts["gpu_count"] = torch.cuda.device_count()
    return facts
