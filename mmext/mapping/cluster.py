"""Mapping a pile of sheets on a cluster: one sheet is one task."""

import contextlib
import functools
import io
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tqdm import tqdm

from mmext.engine.cluster import open_cluster, run_tasks
from mmext.engine.tasks import successes
from mmext.errors import UserError
from mmext.fileio import locked
from mmext.fileio.leftovers import sweep
from mmext.inference.backends import open_predictor
from mmext.inference.device import choose_device
from mmext.inference.prediction_settings import (
    Backend,
    Precision,
    PredictionSettings,
    VectorFormat,
)
from mmext.inference.predictor import Predictor
from mmext.location import Location, absolute

from .many_scenes import checked_settings, put_finished_together
from .sheet_task import map_sheet

#: A worker with several threads maps one sheet at a time: what a task prints is read
#: off the process's output.
_ALONE = threading.Lock()


@dataclass(frozen=True)
class WorkerModel:
    """What a worker opens, once.

    Attributes:
        path: The checkpoint or exported model, by a path that holds for all workers.
        backend: What runs it.
        device: Where, see :func:`~mmext.inference.device.choose_device`.
        window: Side of a window in pixels.
        precision: Of convolutions.
        sha256: What its hash must be.
    """

    path: Path
    backend: Backend
    device: str | None
    window: int
    precision: Precision
    sha256: str


def predict_on_cluster(
    address: str,
    model: WorkerModel,
    predictor: Predictor,
    scenes: Sequence[Location],
    out: Path,
    settings: PredictionSettings,
    file_format: VectorFormat = "gpkg",
) -> list[str]:
    """Map scenes as :func:`~.many_scenes.predict_scenes` does, by workers.

    A sheet that fails is tried a few times, on any worker, before it counts as failed.

    Args:
        address: See :func:`~mmext.engine.cluster.open_cluster`.
        model: What workers open.
        predictor: The same, here, which puts sheets together.
        scenes: The rasters, by paths that hold for all workers.
        out: Folder for the results, on a disk that all share.
        settings: How.
        file_format: Of the objects over several scenes.

    Returns:
        A line for each scene that could not be mapped, and for what could not be put
        together.

    Raises:
        UserError: As :func:`~.many_scenes.predict_scenes`, or there is no such cluster.
    """
    settings = checked_settings(predictor, scenes, out, settings)
    failures: list[str] = []
    on_gpus = model.device != "cpu" and torch.cuda.is_available()
    workers = torch.cuda.device_count() if on_gpus else len(os.sched_getaffinity(0))
    with locked(out):
        sweep(out)
        with open_cluster(address, workers) as client:
            tasks = run_tasks(
                client,
                _map_on_worker,
                map(absolute, scenes),
                model,
                out.resolve(),
                settings,
            )
            done = successes(tasks, failures, len(scenes), "sheet", out.name)
            for _, said in done:
                tqdm.write(said, end="")
        # Of workers here that have died.
        sweep(out)
        failures.sort()
        return failures + put_finished_together(
            predictor, scenes, out, settings, file_format
        )


def _map_on_worker(
    scene: Location, model: WorkerModel, out: Path, settings: PredictionSettings
) -> str:
    """Map a sheet; what was printed of it."""
    said = io.StringIO()
    with _ALONE, contextlib.redirect_stdout(said):
        map_sheet(_opened(model), scene, out, settings)
    return said.getvalue()


@functools.cache
def _opened(model: WorkerModel) -> Predictor:
    from distributed import get_worker

    worker = get_worker()
    if isinstance(worker.name, int):
        # Of several here each takes a GPU of its own.
        os.environ["LOCAL_RANK"] = str(worker.name)
    predictor = open_predictor(
        model.path,
        model.backend,
        choose_device(model.device),
        model.window,
        model.precision,
    )
    if predictor.sha256 != model.sha256:
        raise UserError(
            f"{model.path}: on {worker.address} it is another file than where "
            "predict was called"
        )
    return predictor
