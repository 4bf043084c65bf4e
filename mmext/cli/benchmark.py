"""``mmext benchmark``."""

from typing import Annotated, Literal

from pydantic import Field

from mmext.checked import Count
from mmext.cli.arguments import OutputFile

Part = Literal[
    "reading",
    "training",
    "training_host",
    "crowded",
    "accumulation",
    "pass_host",
    "bank",
    "mapping",
    "backends",
    "memory",
    "merging",
    "country",
    "prepare",
    "atlas",
    "report",
]


def benchmark(
    *,
    repeats: Count = 5,
    only: Annotated[list[Part] | None, Field(min_length=1)] = None,
    out: OutputFile | None = None,
) -> None:
    """Measure speed against named yardsticks, as ratios of medians from one run.

    reading: loading and collating tiles against mmseg's loading from PNG, and the
    bytes that travel. training: an epoch through the Runner against a bare loop and
    against stock mmsegmentation. training_host: what of an epoch is left to the
    processor when a GPU does the rest, in tiles a second. crowded: an epoch beside busy
    processes against one alone. accumulation: three passes against the epoch's
    training. pass_host: a pass without its network, likewise. bank: saving and loading
    the paper's. mapping: a scene to COGs and polygons against the network alone.
    backends: the same with exported networks, in float32 and 8-bit integers, against
    the network alone in torch. memory: the peak of mapping a scene, and of one with 50
    times the pixels. merging: a million polygons of a hundred sheets. country: a
    thousand small sheets, mapped and merged. prepare, atlas: time and memory
    of a scene, and of a quarter of its pixels.

    Two ways run in turn; the median of the ratios counts, and their quartiles say how
    far to trust it. On a CPU processor time is counted, which other processes spoil
    less. On a GPU the same runs at the paper's size, by the wall's clock.

        mmext benchmark
        mmext benchmark --only mapping memory --out benchmark.json

    Args:
        repeats: Runs of each measurement.
        only: What to measure (default: everything).
        out: Where results go, a JSON file (default: only on the screen).
    """
    from mmext.benchmark import PARTS, benchmark_all

    for line in benchmark_all(repeats, only or tuple(PARTS), out):
        print(line, flush=True)
