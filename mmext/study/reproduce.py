"""The paper's whole experiment on one tile store."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmext.errors import UserError
from mmext.reporting.segmentation import write_report

from .schedule import needed_trainings, run_trainings


def reproduce(
    folder: Path,
    out: Path,
    options: dict[str, Any] | None = None,
    seeds: Sequence[int] = (0,),
    jobs: int = 1,
    device: str | None = None,
) -> list[str]:
    """Train the stages and cases of a folder of configs, then write the report.

    In ``configs/`` these are the trunk, branches A and B, stage 1 at full length and
    the four second stages of Ahn et al. 2025; of a folder that has only some of them,
    those.

    Args:
        folder: Holds ``stage1_*.py`` and ``stage2_*.py``.
        out: Trainings go to ``out/seed<S>/<config>``, the report to ``out/report``.
        options: ``--cfg-options`` of every training.
        seeds: A repetition of everything for each.
        jobs: Trainings at once.
        device: Of the trainings, see :func:`~mmext.inference.device.running_on`.

    Returns:
        The report's notes: what was missing.

    Raises:
        UserError: There are no such configs, or a training failed.
    """
    configs = [*sorted(folder.glob("stage1_*.py")), *sorted(folder.glob("stage2_*.py"))]
    if not configs:
        raise UserError(f"{folder}: holds no stage1_*.py and stage2_*.py")
    trainings = needed_trainings(configs, seeds, {"*": options or {}}, out)
    run_trainings(trainings, jobs, device)
    return write_report([out / f"seed{seed}" for seed in seeds], out / "report")
