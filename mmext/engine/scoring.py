"""Scoring a checkpoint on a config's test set."""

import json
from pathlib import Path
from typing import Any

from mmengine import dist
from mmengine.config import ConfigDict

from mmext.datasets.sample_store import open_store
from mmext.engine.build_config import load_config
from mmext.engine.processes import join_processes
from mmext.engine.refused_run import refused_without_trace
from mmext.engine.runner import Runner
from mmext.engine.stores import fill_store_statistics, verify_stores
from mmext.engine.work_dir import ScoreRecord, write_test_record
from mmext.errors import UserError
from mmext.fileio import atomic_path, sha256_of
from mmext.inference.checkpoint import read_checkpoint
from mmext.inference.checkpoint_file import hashed_file
from mmext.inference.fitted_decision import fitted_decision


def test_checkpoint(
    config_path: Path,
    checkpoint: Path,
    work_dir: Path | None = None,
    options: dict[str, Any] | None = None,
    tta: bool = False,
    launcher: str = "none",
) -> dict[str, float]:
    """Run a config's test loop on a checkpoint.

    A decision that was fitted to the checkpoint takes the place of the config's,
    unless the options state one.

    Args:
        config_path: The config file, or the resolved one in a work directory.
        checkpoint: The weights.
        work_dir: Where the log, ``test_metrics.json`` and ``test_record.json``, which
            says of what these are, go; by default the checkpoint's folder.
        options: ``--cfg-options``.
        tta: Average over the config's ``tta_pipeline`` with its ``tta_model``.
        launcher: How processes were started: none, pytorch, slurm or mpi.

    Returns:
        The metrics, as the config's ``test_evaluator`` names them.

    Raises:
        UserError: The config or checkpoint is wrong, or the weights are those of
            another model than the config's, or ``tta`` is asked of a
            config that states none.
    """
    config = load_config(config_path, options)
    join_processes(config, launcher)
    fitted = fitted_decision(read_checkpoint(checkpoint), checkpoint)
    if fitted is not None and not _states_decoder(options or {}):
        decoder, record = fitted
        config.model.decoder = dict(type="UnionDecoder", **decoder.settings)
        print(f"{checkpoint}: decides as fitted on {record.store}")
    decoder = config.model.get("decoder")
    verify_stores(config, "test_dataloader")
    fill_store_statistics(config)
    if tta:
        for key in ("tta_model", "tta_pipeline"):
            if key not in config:
                raise UserError(f"{config_path}: has no {key}, --tta expects one")
        config.test_dataloader.dataset.pipeline = config.tta_pipeline
        config.model = ConfigDict(**config.tta_model, module=config.model)
    config.work_dir = str(work_dir or checkpoint.parent)
    config.load_from = str(checkpoint)
    config.resume = False
    config.launcher = launcher
    folder = Path(config.work_dir)
    with refused_without_trace(config_path, config, folder, lambda: False):
        metrics = Runner.from_cfg(config).test()
    if dist.is_main_process():
        with atomic_path(Path(config.work_dir) / "test_metrics.json") as temporary:
            temporary.write_text(json.dumps(metrics, indent=2) + "\n")
        tested = ScoreRecord(
            checkpoint=checkpoint.name,
            sha256=sha256_of(hashed_file(checkpoint)),
            store=_store_name(config.test_dataloader.dataset),
            decoder=None if decoder is None else decoder.to_dict(),
            tta=tta,
            metrics={name: float(value) for name, value in metrics.items()},
        )
        write_test_record(Path(config.work_dir), tested)
    return metrics


def _store_name(dataset: ConfigDict) -> str | None:
    """The path of what was scored, or the name of a data set's samples."""
    store = dataset.get("store")
    is_path = store is None or isinstance(store, str)
    return store if is_path else str(open_store(store).path)


def _states_decoder(options: dict[str, Any]) -> bool:
    return any(key == "model" or key.startswith("model.decoder") for key in options)
