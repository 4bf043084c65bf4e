"""Time, memory and disk of a whole lineage."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from mmext.machine import nearest_folder, total_memory

from .findings import Findings
from .links import Link, find_hook
from .measure import Measured

# With counts, the share of pixels that are ever wrong, 16 bytes each in a checkpoint.
_EVER_WRONG = 0.03


def check_cost(
    found: Findings,
    links: Sequence[tuple[Link, Measured]],
    sizes: dict[str, Any],
    device: torch.device,
) -> None:
    """What is still to train, how long that takes, and whether there is room.

    Args:
        found: Gets the findings.
        links: The lineage, each training with what its steps take.
        sizes: ``train`` and ``val`` samples, and ``pixels`` of a training tile (0
            where there is no error bank).
        device: Where the steps were run.
    """
    table: list[dict[str, Any]] = []
    for link, measured in links:
        seconds = 0.0 if link.is_there else _seconds(link, measured, sizes)
        disk = 0.0 if link.is_there else _disk(link, measured, sizes)
        table.append(
            {
                "name": link.config_path.stem,
                "epochs": link.epochs,
                "there": link.is_there,
                "seconds": seconds,
                "disk": disk,
                "step_seconds": measured.step_seconds,
                "predict_seconds": measured.predict_seconds,
                "memory": _memory(link, measured, sizes, device),
                "parameters": measured.parameters,
                "operations": measured.operations,
            }
        )
    found.facts["lineage"] = table
    _say_size(found, links[-1][1])
    parts = ", ".join(
        f"{row['name']} " + ("there" if row["there"] else _duration(row["seconds"]))
        for row in table
    )
    last = links[-1][1]
    whole = int(links[-1][0].config.train_dataloader.batch_size)
    guess = "" if last.batch == whole else f", scaled up from batches of {last.batch}"
    total = sum(row["seconds"] for row in table)
    found.add(
        "note",
        "time",
        f"about {_duration(total)} on this {device.type} as it is now ({parts}); a "
        f"step of {whole} takes {_duration(last.step_seconds)}{guess}",
    )
    _check_memory(found, max(row["memory"] for row in table), device)
    _check_disk(found, sum(row["disk"] for row in table), links[-1][0].work_dir)


def _say_size(found: Findings, measured: Measured) -> None:
    found.add(
        "note",
        "network",
        f"{measured.parameters / 1e6:.2f} million weights to learn; a prediction takes "
        f"{measured.operations / 1e9:.3g} GFLOP (additions and multiplications)",
    )


def _seconds(link: Link, measured: Measured, sizes: dict[str, Any]) -> float:
    config, loop = link.config, link.config.train_cfg
    steps = -(-sizes["train"] // int(config.train_dataloader.batch_size))
    seconds = link.epochs * steps * measured.step_seconds
    passes = _passes(link, steps)
    validations = link.epochs / int(loop.get("val_interval", 1))
    return seconds + measured.predict_seconds * (
        passes * sizes["train"] + validations * sizes["val"]
    )


def _passes(link: Link, steps: int) -> float:
    """Predictions of the whole training set."""
    accumulation = find_hook(link.config, "ErrorAccumulationHook")
    if accumulation is None:
        scoring = find_hook(link.config, "TrainingSetMetricHook")
        return link.epochs / scoring.get("interval", 1) if scoring else 0
    begin = accumulation.get("begin", 100)
    end = link.start + link.epochs
    if not isinstance(begin, int):
        begin = end // 2  # nobody knows when the training IoU is reached
    after = max(0, end - max(begin, link.start)) // accumulation.get("pass_interval", 1)
    others = (link.epochs - after) / accumulation.get("interval", 1)
    if accumulation.get("source", "passes") == "training":
        return others
    return others + after * min(steps, accumulation.get("passes_per_epoch", 3))


def _bank(link: Link, sizes: dict[str, Any], counts_bytes: float) -> float:
    hook = find_hook(link.config, "ErrorAccumulationHook")
    if hook is None:
        return 0.0
    pixels = sizes["train"] * sizes["pixels"]
    return pixels / 4 + (counts_bytes * pixels if hook.get("counts") else 0)


def _memory(
    link: Link, measured: Measured, sizes: dict[str, Any], device: torch.device
) -> float:
    own = _bank(link, sizes, 8) if device.type == "cpu" else 0
    # Until a pass has ended, its errors lie where the network runs: two bits a pixel.
    scored = find_hook(link.config, "ErrorAccumulationHook") or find_hook(
        link.config, "TrainingSetMetricHook"
    )
    if scored is not None:
        own += sizes["train"] * sizes["pixels"] / 4
    return measured.memory + own


def _disk(link: Link, measured: Measured, sizes: dict[str, Any]) -> float:
    saving = find_hook(link.config, "AtomicCheckpointHook") or {}
    kept = saving.get("max_keep_ckpts", 2)
    if kept < 1:
        kept = link.epochs // saving.get("interval", 1)
    bank = _bank(link, sizes, 16 * _EVER_WRONG)
    hook = find_hook(link.config, "ErrorAccumulationHook") or {}
    snapshots = len(hook.get("snapshots", ())) + 1
    # A new checkpoint is written before the oldest goes.
    return (kept + 1) * (measured.checkpoint + bank) + snapshots * bank


def _check_memory(found: Findings, needed: float, device: torch.device) -> None:
    if device.type == "cuda":
        there = float(torch.cuda.get_device_properties(device).total_memory)
    else:
        there = float(total_memory())
    text = f"about {_size(needed)} at the peak of a step, there are {_size(there)}"
    found.facts["memory"] = {"needed": needed, "there": there}
    if needed > 0.95 * there:
        advice = "take a smaller train_dataloader.batch_size"
        found.add("error", "memory", text, advice)
    else:
        found.add("ok", "memory", text)


def _check_disk(found: Findings, needed: float, work_dir: Path) -> None:
    folder = nearest_folder(work_dir.absolute())
    free = shutil.disk_usage(folder).free
    found.facts["disk"] = {"needed": needed, "free": free}
    text = f"about {_size(needed)} of checkpoints and banks, {_size(free)} free"
    if needed > free:
        advice = "free some, or name another --work-dir"
        found.add("error", "disk", f"{text} at {folder}", advice)
    elif needed > free / 2:
        found.add("warning", "disk", f"{text} at {folder}")
    else:
        found.add("ok", "disk", text)


def _duration(seconds: float) -> str:
    for name, length in (("days", 86400), ("hours", 3600), ("min", 60)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.3g} {name}"
    return f"{seconds:.3g} s"


def _size(number: float) -> str:
    for name, length in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if number >= length:
            return f"{number / length:.3g} {name}"
    return f"{number / 1e3:.3g} kB"
