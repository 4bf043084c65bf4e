"""What was run: the facts that a table of results needs beside it."""

import os
import platform
import time
from pathlib import Path
from typing import Any, cast

import mmcv
import mmengine
import mmseg
import numpy as np
import torch
from mmengine import dist
from mmengine.device import get_device
from mmengine.hooks import Hook
from mmengine.runner import Runner

import mmext
from mmext.checked import Positive
from mmext.engine.run_warnings import said_warnings
from mmext.engine.work_dir import (
    RUN_RECORD,
    Lineage,
    RunRecord,
    State,
    read_run_record,
    write_run_record,
)
from mmext.errors import UserError
from mmext.registry import HOOKS


@HOOKS.register_module()
class RunRecordHook(Hook):
    """Write ``run.json``: config, seed, versions, hardware, data, time, state.

    Args:
        lineage: The config's ``lineage``, copied; None for a first stage.
        epoch_scale: The config's ``epoch_scale``, copied.
    """

    priority = "LOWEST"

    def __init__(
        self, lineage: dict[str, Any] | None = None, epoch_scale: Positive = 1.0
    ) -> None:
        self.lineage = lineage
        self.epoch_scale = epoch_scale
        self._earlier_seconds = 0.0

    def before_train(self, runner: Runner) -> None:
        """Write the record with the state 'running'."""
        self.work_dir = Path(runner.work_dir)
        if runner.epoch and (self.work_dir / RUN_RECORD).exists():
            self._earlier_seconds = self._read_seconds(runner)
        self._started = time.perf_counter()
        self._write(runner, "running", runner.epoch)

    def after_train_epoch(self, runner: Runner) -> None:
        """Keep time and epochs up to date, in case the run is killed."""
        self._write(runner, "running", runner.epoch + 1)

    def after_train(self, runner: Runner) -> None:
        """Write the record with the state 'finished', or 'stopped early'."""
        if runner.epoch >= runner.max_epochs:
            self._write(runner, "finished", runner.epoch)
            return
        reason = f"stopped after epoch {runner.epoch} of {runner.max_epochs}"
        runner.logger.warning(f"The training {reason}, as a hook asked for")
        self._write(runner, "stopped early", runner.epoch, reason)

    def on_failure(self, runner: Runner, reason: str) -> None:
        """Write the record with the state 'failed' and why.

        Args:
            runner: The runner.
            reason: One line.
        """
        # A failure before this hook's start leaves what an earlier run wrote.
        if hasattr(self, "_started"):
            self._write(runner, "failed", runner.epoch, reason)

    def _read_seconds(self, runner: Runner) -> float:
        try:
            return read_run_record(self.work_dir).get("seconds", 0.0)
        except UserError as error:
            runner.logger.warning(
                f"{error}; it is written anew, without the time until epoch "
                f"{runner.epoch}"
            )
            return 0.0

    def _write(
        self, runner: Runner, state: State, epoch: int, reason: str | None = None
    ) -> None:
        if not dist.is_main_process():
            return
        store = (runner.train_dataloader.dataset.metainfo or {}).get("store") or {}
        record: RunRecord = {
            "config": Path(runner.cfg.filename).stem,
            "seed": runner.seed,
            "epochs": runner.max_epochs,
            "trained_epochs": epoch,
            "epoch_scale": self.epoch_scale,
            "lineage": cast(Lineage | None, self.lineage),
            "store_fingerprint": store.get("fingerprint"),
            "versions": versions(),
            "hardware": hardware(),
            "processes": dist.get_world_size(),
            "seconds": self._earlier_seconds + time.perf_counter() - self._started,
            "state": state,
            "reason": reason,
            "warnings": said_warnings(runner),
        }
        write_run_record(self.work_dir, record)


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
    """Processor, cores, threads and, if the network runs on one, the GPU."""
    facts: dict[str, Any] = {
        "machine": platform.machine(),
        "cpu_cores": os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "gpu": None,
    }
    if get_device() == "cuda":
        facts["gpu"] = torch.cuda.get_device_name()
        facts["gpu_count"] = torch.cuda.device_count()
    return facts
