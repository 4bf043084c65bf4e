import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mmext.evaluation.depth import SCORES
from tests.datasets.depth.layouts import make_mm5
from tests.depth_checkpoint import config_text, depth_config, write_depth_checkpoint


@pytest.fixture(scope="session")
def mm5(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("mm5")
    return make_mm5(folder, train=(1, 2, 107, 108), evaluation=(3, 106, 324))


@pytest.fixture
def write_run(tmp_path, mm5) -> Callable[..., Path]:
    """A depth training's work directory; scores grow with its AbsRel."""

    def write(
        name: str,
        seed: int = 0,
        abs_rel: float = 0.1,
        folder: str = "exp",
        split: str = "eval",
        checkpoint: bool = False,
        epochs: int = 3,
        state: str = "finished",
        width: int = 4,
    ) -> Path:
        path = tmp_path / folder / f"seed{seed}" / name
        path.mkdir(parents=True)
        config = depth_config(
            max_depth=2.0,
            train=dict(type="MM5Dataset", root=str(mm5), split="train"),
            scored=dict(type="MM5Dataset", root=str(mm5), split=split),
        )
        config.model.decode_head.losses = {name: dict(type="AbsRelLoss")}
        config.model.backbone.base_channels = width
        (path / f"{name}.py").write_text(config_text(config))
        if checkpoint:
            write_depth_checkpoint(path / f"epoch_{epochs}.pth", config, seed)
        lines = []
        for epoch in range(1, epochs + 1):
            value = abs_rel * (1 + epochs - epoch)
            scores = dict.fromkeys(SCORES, value) | {"rmse": 2 * value}
            test = dict.fromkeys(("all", "all_median"), scores)
            test["object"] = {score: 3 * v for score, v in scores.items()}
            loss = dict(sum=5.0, mean=1 / epoch)
            lines.append(dict(epoch=epoch, seconds=1.0, loss=loss, test=test))
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (path / "history.jsonl").write_text(text)
        record = dict(
            config=name,
            seed=seed,
            epochs=epochs,
            epoch_scale=1,
            store_fingerprint="a" * 64,
            versions=dict(torch="2"),
            hardware=dict(gpu=None, cpu_cores=2),
            processes=1,
            seconds=60.0,
            state=state,
        )
        (path / "run.json").write_text(json.dumps(record))
        return path

    return write
