"""Training a config, with the parents it grows from."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmengine import dist
from mmengine.config import Config
from mmengine.device import get_device

from mmext.engine.batch_share import BatchChange, share_batch
from mmext.engine.build_config import default_work_dir, load_config
from mmext.engine.hooks.history_hook import MissedValidationHook
from mmext.engine.hooks.termination_hook import TerminationHook
from mmext.engine.hooks.work_dir_hook import WorkDirHook
from mmext.engine.lineage import (
    Parent,
    branch_seed,
    find_parents,
    is_finished,
    lineage_record,
    refuse_unreachable,
    resume_from,
    start_from_parents,
)
from mmext.engine.lineage_options import own_options, parent_options
from mmext.engine.processes import join_processes, locked_for_all
from mmext.engine.refused_run import refused_without_trace
from mmext.engine.runner import Runner
from mmext.engine.scored_set import refuse_other_scores
from mmext.engine.stores import fill_store_statistics, verify_stores
from mmext.engine.termination import end_now, termination_noted
from mmext.engine.work_dir import RUN_RECORD, checkpoints, latest_checkpoint
from mmext.errors import UserError, one_line
from mmext.inference.checkpoint import read_checkpoint
from mmext.shipped_configs import with_shipped_names


@dataclass(frozen=True)
class _Request:
    """What was asked for, but the config; parents are trained with the same."""

    options: dict[str, Any]
    resume: bool
    overwrite: bool
    with_parents: bool
    amp: bool
    launcher: str
    batch_change: BatchChange | None


def train(
    config_path: Path,
    work_dir: Path | None = None,
    options: dict[str, Any] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    with_parents: bool = False,
    amp: bool = False,
    launcher: str = "none",
    batch_change: BatchChange | None = None,
) -> Path:
    """Train a config from its parent, its own last checkpoint, or nothing.

    Args:
        config_path: The config file.
        work_dir: Where the run's files go; by default ``work_dirs/`` and the
            config's path below ``configs/``. Parents' lie beside it.
        options: ``--cfg-options``, applied to parents as well; those for a hook go
            to the configs of the lineage that have it.
        resume: Go on from the newest whole checkpoint in ``work_dir``. A finished run
            is left as it is.
        overwrite: Train anew even if ``work_dir`` holds a run.
        with_parents: Train what the lineage needs and is not there yet first,
            resuming what was begun.
        amp: Train in mixed precision.
        launcher: How processes were started: none, pytorch, slurm or mpi.
        batch_change: What several processes do with the config's batch or learning
            rate; None leaves both.

    Returns:
        The work directory.

    Raises:
        Terminated: SIGTERM came; the epoch's checkpoint is written.
        UserError: Parents are missing, the work directory holds a run or is in use,
            or the config, the checkpoint or data are wrong.
    """
    if resume and overwrite:
        raise UserError("--resume, --overwrite: both given, expected one of them")
    request = _Request(
        options or {}, resume, overwrite, with_parents, amp, launcher, batch_change
    )
    return _train(config_path, work_dir or default_work_dir(config_path), request)


def _train(config_path: Path, work_dir: Path, request: _Request) -> Path:
    config = load_config(config_path, own_options(config_path, request.options))
    refuse_other_scores(config)
    # The same as --resume: mmengine's own search would follow any text file.
    resume = request.resume or bool(config.get("resume"))
    config.resume = False
    if request.amp:
        config.optim_wrapper.type = "AmpOptimWrapper"
        config.optim_wrapper.setdefault("loss_scale", "dynamic")
    _refuse_half_precision_on_cpu(config, "--amp" if request.amp else config_path)
    join_processes(config, request.launcher)
    parents = find_parents(config, config_path, work_dir)
    max_epochs = config.train_cfg.max_epochs
    done = resume and is_finished(work_dir, max_epochs)
    begun = resume and latest_checkpoint(work_dir) is not None
    for parent in parents:
        if parent.config_path.parent != config_path.parent:
            _say(
                f"{config_path}: its parent {parent.work_dir.name} is not beside it, "
                f"{parent.config_path} is taken"
            )
        # A branch that was begun goes on from its own checkpoint.
        needed = not done and (parent.use == "bank" or not begun)
        options = parent_options(config_path, parent.config_path, request.options)
        missing = parent.missing() if needed else []
        _provide(parent, missing, replace(request, options=options))
    with locked_for_all(work_dir):
        own = newest_whole_checkpoint(work_dir) if resume else None
        latest = latest_checkpoint(work_dir)
        if done and own == latest:
            _say(f"{work_dir}: has ended, of {max_epochs} epochs; left as it is")
            return work_dir
        if latest is not None and not (resume or request.overwrite):
            raise UserError(
                f"{work_dir}: holds a run ({latest.name}); --resume goes on from "
                "there, --overwrite trains anew"
            )
        _prepare(config, config_path.stem, parents, own)
        _run(config, config_path, work_dir, request)
    return work_dir


def _provide(parent: Parent, missing: list[Path], request: _Request) -> None:
    """Have a parent make what the child needs, and end what it has begun."""
    unfinished = parent.is_unfinished()
    if missing and not request.with_parents:
        raise UserError(
            f"{missing[0]}: not there yet; run 'mmext train {parent.config_path} "
            f"--work-dir {parent.work_dir}' first, or add --with-parents"
        )
    if missing:
        options = own_options(parent.config_path, request.options, say=False)
        config = load_config(parent.config_path, options)
        refuse_unreachable(parent, config)
    if missing or (unfinished and request.with_parents):
        again = replace(request, resume=True, overwrite=False)
        _train(parent.config_path, parent.work_dir, again)
        if missing and parent.missing():
            raise UserError(
                f"{missing[0]}: {parent.work_dir.name} has ended without it (see its "
                f"{RUN_RECORD}); change lineage.epoch, or what ended the parent"
            )
    elif unfinished:
        _say(
            f"{parent.work_dir}: has not ended, its epoch {parent.epoch} is there and "
            "is used; --with-parents ends it first"
        )


def _run(config: Config, config_path: Path, work_dir: Path, request: _Request) -> None:
    config.work_dir = str(work_dir)
    config.launcher = request.launcher
    line = share_batch(config, dist.get_world_size(), request.batch_change)
    if line:
        _say(line)
    begin = WorkDirHook(request.overwrite)
    with (
        refused_without_trace(config_path, config, work_dir, lambda: begin.has_begun),
        termination_noted() as termination,
    ):
        runner = Runner.from_cfg(config)
        runner.register_hook(begin)
        runner.register_hook(MissedValidationHook())
        runner.register_hook(TerminationHook(termination))
        try:
            runner.train()
        except Exception as error:
            if termination.asked and "DataLoader worker" in str(error):
                end_now()  # a signal to all processes reached the loader's, too
            runner.call_hook("on_failure", reason=one_line(error))
            raise


def _refuse_half_precision_on_cpu(config: Config, asked_by: str | Path) -> None:
    kind = config.optim_wrapper.get("type", "OptimWrapper")
    dtype = config.optim_wrapper.get("dtype")
    if (
        kind.rpartition(".")[2] == "AmpOptimWrapper"
        and get_device() == "cpu"
        and dtype != "bfloat16"
    ):
        raise UserError(
            f"{asked_by}: mixed precision on cpu expects optim_wrapper.dtype="
            f"'bfloat16', is {dtype}"
        )


def _prepare(
    config: Config, name: str, parents: list[Parent], own_checkpoint: Path | None
) -> None:
    verify_stores(config, "train_dataloader", "val_dataloader")
    fill_store_statistics(config)
    if own_checkpoint is not None:
        resume_from(config, own_checkpoint)
    if parents and (own_checkpoint is None or parents[0].use == "bank"):
        start_from_parents(config, parents)
    if parents and parents[0].use == "branch":
        config.randomness.seed = branch_seed(config.randomness.seed, name)
    record = config.default_hooks.get("record")
    if record:
        record.lineage = lineage_record(parents)
        record.epoch_scale = config.get("epoch_scale", 1.0)


def newest_whole_checkpoint(work_dir: Path) -> Path | None:
    """The checkpoint to go on from: the newest that isn't damaged.

    Those that are damaged are said; the training writes them again. None if there are
    no checkpoints.

    Raises:
        UserError: All are damaged.
    """
    reasons = []
    for path in checkpoints(work_dir).values():
        try:
            read_checkpoint(path)
        except UserError as error:
            reasons.append(str(error))
            continue
        for reason in reasons:
            _say(f"{reason}; goes on from {path.name}")
        return path
    if reasons:
        raise UserError(
            f"{reasons[0]}; there is no whole checkpoint before it, --overwrite trains "
            "anew"
        )
    return None


def _say(line: str) -> None:
    if dist.is_main_process():
        print(with_shipped_names(line), flush=True)
