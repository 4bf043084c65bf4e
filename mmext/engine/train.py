"""Training a config, with the parents it grows from."""

from pathlib import Path
from typing import Any

import torch
from mmengine import dist
from mmengine.config import Config

from mmext.engine.build_config import default_work_dir, load_config
from mmext.engine.checkpoint import read_checkpoint
from mmext.engine.hooks.work_dir_hook import WorkDirHook
from mmext.engine.lineage import (
    Parent,
    branch_seed,
    checkpoint_path,
    find_parents,
    is_finished,
    lineage_record,
    start_from_parents,
)
from mmext.engine.processes import join_cpu_processes
from mmext.engine.runner import Runner
from mmext.engine.store_statistics import fill_store_statistics
from mmext.engine.verify_stores import verify_stores
from mmext.engine.work_dir import RUN_RECORD
from mmext.errors import UserError, one_line


def train(
    config_path: Path,
    work_dir: Path | None = None,
    options: dict[str, Any] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    with_parents: bool = False,
    amp: bool = False,
    launcher: str = "none",
) -> Path:
    """Train a config from its parent, its own last checkpoint, or nothing.

    Args:
        config_path: The config file.
        work_dir: Where the run's files go; by default ``work_dirs/`` and the
            config's path below ``configs/``. Parents' lie beside it.
        options: ``--cfg-options``, applied to parents as well.
        resume: Go on from the newest checkpoint in ``work_dir``. A finished run
            is left as it is.
        overwrite: Train anew even if ``work_dir`` holds a run.
        with_parents: Train what the lineage needs and is not there yet first,
            resuming what was begun.
        amp: Train in mixed precision.
        launcher: How processes were started: none, pytorch, slurm or mpi.

    Returns:
        The work directory.

    Raises:
        UserError: Parents are missing, the work directory holds a run, or the
            config or data are wrong.
    """
    config = load_config(config_path, options)
    join_cpu_processes(config, launcher)
    work_dir = work_dir or default_work_dir(config_path)
    parents = find_parents(config, config_path, work_dir)
    for parent in parents:
        if not parent.missing():
            continue
        if not with_parents:
            raise UserError(
                f"{parent.missing()[0]}: not there yet; run 'python tools/train.py "
                f"{parent.config_path} --work-dir {parent.work_dir}' first, or add "
                "--with-parents"
            )
        train(
            parent.config_path,
            parent.work_dir,
            options,
            resume=True,
            with_parents=True,
            amp=amp,
            launcher=launcher,
        )
        if parent.missing():
            raise UserError(
                f"{parent.missing()[0]}: {parent.work_dir.name} has ended without it "
                f"(see its {RUN_RECORD}), {config_path.stem} grows from it; change "
                "lineage.epoch, or what ended the parent"
            )
    max_epochs = config.train_cfg.max_epochs
    if resume and is_finished(work_dir, max_epochs):
        if dist.is_main_process():
            print(f"{work_dir}: has ended, of {max_epochs} epochs; left as it is")
        return work_dir
    latest = latest_checkpoint(work_dir)
    if latest is not None and not (resume or overwrite):
        raise UserError(
            f"{work_dir}: holds a run ({latest.name}); --resume goes on from there, "
            "--overwrite trains anew"
        )
    config.work_dir = str(work_dir)
    config.launcher = launcher
    if amp and not torch.cuda.is_available():
        raise UserError("--amp: there is no GPU, mixed precision expects one")
    if amp:
        config.optim_wrapper.type = "AmpOptimWrapper"
        config.optim_wrapper.setdefault("loss_scale", "dynamic")
    _prepare(config, config_path.stem, parents, latest if resume else None)
    runner = Runner.from_cfg(config)
    runner.register_hook(WorkDirHook(overwrite))
    try:
        runner.train()
    except Exception as error:
        runner.call_hook("on_failure", reason=one_line(error))
        raise
    return work_dir


def _prepare(
    config: Config, name: str, parents: list[Parent], own_checkpoint: Path | None
) -> None:
    verify_stores(config, "train_dataloader", "val_dataloader")
    fill_store_statistics(config)
    if parents:
        start_from_parents(config, parents)
        if parents[0].use == "branch":
            config.randomness.seed = branch_seed(config.randomness.seed, name)
    if own_checkpoint is not None:
        read_checkpoint(own_checkpoint)
        config.load_from = str(own_checkpoint)
        config.resume = True
    record = config.default_hooks.get("record")
    if record:
        record.lineage = lineage_record(parents)
        record.epoch_scale = config.get("epoch_scale", 1.0)


def latest_checkpoint(work_dir: Path) -> Path | None:
    """The checkpoint with the highest epoch in a work directory."""
    epochs = [
        int(path.stem.removeprefix("epoch_")) for path in work_dir.glob("epoch_*.pth")
    ]
    return checkpoint_path(work_dir, max(epochs)) if epochs else None
