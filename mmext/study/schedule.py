"""Which trainings a study needs, and running them in an order that works.

``python -m mmext.study.schedule CONFIG WORK_DIR [DEVICE] < options.json`` is one of
them, in a process of its own.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mmext.ending import exit_with_one_line
from mmext.engine.build_config import load_config
from mmext.engine.lineage import find_parents, is_finished
from mmext.engine.train import train
from mmext.engine.work_dir import read_run_record
from mmext.errors import UserError
from mmext.inference.device import running_on


@dataclass(frozen=True)
class Training:
    """One config with one seed.

    Attributes:
        config_path: The config file.
        work_dir: ``OUT/seed<S>/<config>``, so that parents lie beside it.
        options: ``--cfg-options`` in full, the seed among them.
        epochs: How many it has, scaled.
        parents: Work directories that must be finished first.
    """

    config_path: Path
    work_dir: Path
    options: tuple[tuple[str, Any], ...]
    epochs: int
    parents: tuple[Path, ...]

    @property
    def finished(self) -> bool:
        """Whether it has been run to its end."""
        return is_finished(self.work_dir, self.epochs)

    @property
    def trained_epochs(self) -> int:
        """How many a finished one has had: fewer if a hook stopped it early."""
        return read_run_record(self.work_dir).get("trained_epochs", self.epochs)


def needed_trainings(
    config_paths: Iterable[Path],
    seeds: Sequence[int],
    options: dict[str, dict[str, Any]],
    out: Path,
) -> list[Training]:
    """The configs and all that they grow from, per seed, parents first.

    Args:
        config_paths: Config files, in one folder with their parents.
        seeds: ``randomness.seed`` of each repetition.
        options: ``--cfg-options`` by a pattern of config names, ``'*'`` for all;
            later patterns win.
        out: The study's folder.

    Raises:
        UserError: A config or an option is wrong.
    """
    found: dict[Path, Training] = {}
    for seed in seeds:
        seeded = {**options, "*": {**options.get("*", {}), "randomness.seed": seed}}
        for path in config_paths:
            _add(path, out / f"seed{seed}" / path.stem, seeded, found)
    return list(found.values())


def run_trainings(
    trainings: Sequence[Training], jobs: int = 1, device: str | None = None
) -> None:
    """Run what is not finished; each in a process of its own, resumed if begun.

    Args:
        trainings: Parents first, as :func:`needed_trainings` gives them.
        jobs: How many at once.
        device: Where, see :func:`~mmext.inference.device.running_on`.

    Raises:
        UserError: A training failed; its log is named. Those that do not depend on
            it are run all the same.
    """
    waiting = [training for training in trainings if not training.finished]
    done = {t.work_dir for t in trainings if t.finished}
    failed: dict[Path, str] = {}
    progress = tqdm(total=len(trainings), initial=len(done), desc="Trainings")
    running: dict[Future[None], Training] = {}
    environment = share_of_cores(jobs) | os.environ
    with ThreadPoolExecutor(jobs) as pool:
        while waiting or running:
            for training in list(waiting):
                if any(parent in failed for parent in training.parents):
                    failed[training.work_dir] = "a parent failed"
                    waiting.remove(training)
                elif len(running) < jobs and done.issuperset(training.parents):
                    running[pool.submit(_run, training, environment, device)] = training
                    waiting.remove(training)
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                training = running.pop(future)
                error = future.exception()
                if error is None:
                    done.add(training.work_dir)
                else:
                    failed[training.work_dir] = str(error)
                progress.update()
    progress.close()
    own = {path: why for path, why in failed.items() if why != "a parent failed"}
    if own:
        path, why = next(iter(own.items()))
        others = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        raise UserError(f"{path}: training failed{others}: {why}")


def share_of_cores(jobs: int) -> dict[str, str]:
    """Environment of each of so many processes; torch would give each all cores."""
    return {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // jobs))}


def _add(
    path: Path,
    work_dir: Path,
    options: dict[str, dict[str, Any]],
    found: dict[Path, Training],
) -> None:
    if work_dir in found:
        return
    own: dict[str, Any] = {}
    for pattern, values in options.items():
        if fnmatch(path.stem, pattern):
            own |= values
    config = load_config(path, dict(own))
    parents = find_parents(config, path, work_dir)
    for parent in parents:
        _add(parent.config_path, parent.work_dir, options, found)
    found[work_dir] = Training(
        config_path=path,
        work_dir=work_dir,
        options=tuple(own.items()),
        epochs=config.train_cfg.max_epochs,
        parents=tuple(parent.work_dir for parent in parents),
    )


def _run(training: Training, environment: dict[str, str], device: str | None) -> None:
    log = training.work_dir.with_name(f"{training.work_dir.name}.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "mmext.study.schedule",
        str(training.config_path),
        str(training.work_dir),
        *([device] if device else []),
    ]
    with log.open("a") as file:
        result = subprocess.run(
            command,
            input=json.dumps(dict(training.options)),
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env=environment,
        )
    if result.returncode:
        raise UserError(f"see {log}: {_last_line(log)}")


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no output"


@exit_with_one_line
def _train_one() -> None:
    """Train what the arguments name, going on where it was stopped."""
    config, work_dir, *device = sys.argv[1:]
    with running_on(device[0] if device else None):
        train(Path(config), Path(work_dir), json.load(sys.stdin), resume=True)


if __name__ == "__main__":
    _train_one()
