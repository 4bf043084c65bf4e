import json
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def write_run(tmp_path) -> Callable[..., Path]:
    """A work directory with a history whose values follow the epoch's number."""

    def write(
        name: str,
        epochs: range,
        lineage: dict | None = None,
        offset: float = 0.0,
        state: str = "finished",
        folder: str = "exp",
    ) -> Path:
        path = tmp_path / folder / name
        path.mkdir(parents=True)
        stage = 2 if name.startswith("stage2") else 1
        lines = []
        for epoch in epochs:
            scores = dict(
                iou=0.5 + offset + epoch / 1000, fn_tp=0.4 - offset, fp_tp=0.1 + offset
            )
            channels = ["target"] if stage == 1 else ["target", "error", "union"]
            line = dict(
                epoch=epoch,
                stage=stage,
                seconds=1.0,
                lr=1e-3,
                loss=dict(sum=2.0, mean=0.1 / epoch),
                train=dict.fromkeys(channels, scores),
                test=dict.fromkeys(channels, scores) | {"loss": 0.2},
            )
            if stage == 1 and epoch > 2:
                line["cfdr"] = dict(
                    total=epoch / 100, fn=epoch / 400, fp=3 * epoch / 400
                )
            lines.append(json.dumps(line))
        (path / "history.jsonl").write_text("\n".join(lines) + "\n")
        record = dict(
            config=name,
            seed=0,
            epochs=epochs[-1],
            epoch_scale=0.02,
            lineage=lineage,
            store_fingerprint="f" * 64,
            versions=dict(torch="2", mmext="0"),
            hardware=dict(gpu=None, cpu_cores=2),
            processes=1,
            seconds=60.0,
            state=state,
        )
        (path / "run.json").write_text(json.dumps(record))
        return path

    return write


@pytest.fixture
def experiment(write_run) -> Path:
    write_run("stage1_trunk", range(1, 5))
    write_run(
        "stage1_baseline",
        range(5, 9),
        dict(parent="stage1_trunk", epoch=4, use="continue"),
    )
    return write_run(
        "stage2_A100-200",
        range(1, 9),
        dict(parent="stage1_trunk", epoch=4, use="bank"),
        offset=0.1,
    ).parent
