"""``mmext benchmark``."""

from typing import Annotated, Literal

from pydantic import Field

from mmext.checked import Count

Part = Literal["reading", "mapping", "memory", "accumulation"]


def benchmark(
    *,
    repeats: Count = 5,
    only: Annotated[list[Part] | None, Field(min_length=1)] = None,
) -> None:
    """Measure speed against named yardsticks, as ratios of medians from one run.

    Reading tiles: a tile store against mmseg's own loading of the same tiles from PNG.
    Mapping: mmext predict against the network alone on the same windows in memory.
    Memory: the peak of mapping a scene, and one with 50 times the pixels.
    Accumulation: an epoch with three passes against one without.
    Times on a shared machine are noisy; the ratios are what counts.

        mmext benchmark
        mmext benchmark --only mapping memory

    Args:
        repeats: Runs of each measurement.
        only: What to measure (default: everything).
    """
    from mmext.benchmark import PARTS, benchmark_all

    for line in benchmark_all(repeats, only or PARTS):
        print(line)
