"""How two ways of doing one thing are timed against each other."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

#: Seconds of all of this process's threads, or by the clock on the wall.
Clock = Literal["processor", "wall"]
#: Seconds of each run, by each clock.
Times = dict[Clock, list[float]]


@dataclass(frozen=True)
class Comparison:
    """One row of the table.

    Attributes:
        what: What was measured.
        against: The yardstick.
        ours: A figure of each run.
        theirs: The yardstick's, run for run.
        unit: Of the figures.
        clock: How seconds were counted; None where the figures are no times.
        higher_is_better: Whether ``ours`` over ``theirs`` is the ratio, and not the
            reverse.
        goal: Ratio to reach; None if none is set.
    """

    what: str
    against: str
    ours: list[float]
    theirs: list[float]
    unit: str = "s"
    clock: Clock | None = "processor"
    higher_is_better: bool = False
    goal: float | None = None

    @property
    def ratios(self) -> np.ndarray:
        """Ratio of each run."""
        ours, theirs = np.array(self.ours), np.array(self.theirs)
        return ours / theirs if self.higher_is_better else theirs / ours

    @property
    def ratio(self) -> float:
        """Their median."""
        return float(np.median(self.ratios))

    def row(self) -> dict[str, Any]:
        """Plain values, for JSON and the table."""
        low, high = np.quantile(self.ratios, [0.25, 0.75])
        return {
            "what": self.what,
            "against": self.against,
            "ours": float(np.median(self.ours)),
            "theirs": float(np.median(self.theirs)),
            "unit": self.unit,
            "clock": self.clock,
            "ratio": self.ratio,
            "quartiles": [float(low), float(high)],
            "runs": len(self.ours),
            "goal": self.goal,
        }

    def __str__(self) -> str:
        row = self.row()
        low, high = row["quartiles"]
        clock = f" {self.clock} time" if self.clock else ""
        goal = "" if self.goal is None else f", to reach {self.goal:g}"
        return (
            f"{self.what}: {row['ours']:.4g} {self.unit}{clock}, {self.against} "
            f"{row['theirs']:.4g} {self.unit}: {self.ratio:.3g} "
            f"({low:.3g}–{high:.3g}, {row['runs']} runs{goal})"
        )


def timed(repeats: int, *actions: Callable[[], object]) -> list[Times]:
    """Seconds of each action, run in turn so that drift meets all alike.

    A GPU is waited for, and then the wall's clock alone makes sense.

    Args:
        repeats: Runs that count, after one to warm up.
        *actions: What to run.
    """
    times: list[Times] = [{"processor": [], "wall": []} for _ in actions]
    for run in range(repeats + 1):
        for action, seconds in zip(actions, times, strict=True):
            _wait()
            wall, processor = time.perf_counter(), time.process_time()
            action()
            _wait()
            if run:
                seconds["processor"].append(time.process_time() - processor)
                seconds["wall"].append(time.perf_counter() - wall)
    return times


def best_clock() -> Clock:
    """Processor time, which other processes don't spoil; the wall's on a GPU."""
    return "wall" if torch.cuda.is_available() else "processor"


def peak_megabytes() -> float:
    """Most memory that this process has held, on Linux.

    ``ru_maxrss`` begins at what the process that started this one held.
    """
    status = Path("/proc/self/status").read_text()
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes.split()[1]) / 1024


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
