"""All measurements, one after the other."""

import datetime
import json
import platform
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from mmengine.registry import DefaultScope

from mmext.fileio import atomic_path

from .accumulation import accumulation, bank, pass_host
from .backends import backends
from .country import country
from .crowded import crowded
from .growth import atlas, prepare, report
from .mapping import mapping, memory
from .measure import Comparison
from .merging import merging
from .reading import reading
from .setting import render
from .training import training
from .training_host import training_host

#: What can be measured: each gets the rendered scene, a folder, and repeats.
PARTS: dict[str, Callable[[Path, Path, int], Iterator[Comparison]]] = {
    "reading": reading,
    "training": training,
    "training_host": training_host,
    "crowded": crowded,
    "accumulation": accumulation,
    "pass_host": pass_host,
    "bank": bank,
    "mapping": mapping,
    "backends": backends,
    "memory": memory,
    "merging": merging,
    "country": country,
    "prepare": prepare,
    "atlas": atlas,
    "report": report,
}


def benchmark_all(
    repeats: int, parts: Sequence[str] = tuple(PARTS), out: Path | None = None
) -> Iterator[str]:
    """Measure everything on a synthetic scene.

    Args:
        repeats: Runs of each measurement; the median counts.
        parts: Of :data:`PARTS`, what to measure.
        out: JSON file for the rows and the machine, rewritten after each part.

    Yields:
        A line about the machine, and one for each comparison.
    """
    machine = _machine()
    yield ", ".join(f"{key} {value}" for key, value in machine.items())
    rows = []
    for part in parts:
        # Of each part anew: stock mmsegmentation's runner leaves its own scope behind.
        scope = DefaultScope.overwrite_default_scope("mmext")
        with scope, tempfile.TemporaryDirectory() as folder:
            scene = render(Path(folder))
            for comparison in PARTS[part](scene, Path(folder), repeats):
                rows.append({"part": part, **comparison.row()})
                yield str(comparison)
        if out is not None:
            text = json.dumps({"machine": machine, "rows": rows}, indent=2)
            with atomic_path(out) as temporary:
                temporary.write_text(text + "\n")


def _machine() -> dict[str, str]:
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    return {
        "date": datetime.date.today().isoformat(),
        "torch": torch.__version__,
        "threads": str(torch.get_num_threads()),
        "processor": _processor(),
        "gpu": gpu,
    }


def _processor() -> str:
    """Its name on Linux, or what kind it is."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.machine()
