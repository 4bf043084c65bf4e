import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

import mmext.models  # noqa: F401 - registers what the config names
from mmext.datasets.tile_store import TileStore
from mmext.registry import MODELS
from mmext.structures import ErrorBank, save_bank
from tests.small_models import small_segmentor


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
        seed: int = 0,
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
            seed=seed,
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


@pytest.fixture
def add_checkpoint(make_store, tmp_path) -> Callable[..., Path]:
    """Give a run's folder a resolved config, a checkpoint and an error bank."""
    train = make_store(tmp_path / "stores" / "train", tiles=7, size=24, positive=5)
    test = make_store(tmp_path / "stores" / "test", tiles=9, size=24, seed=1)

    def add(path: Path, epoch: int, seed: int = 0) -> Path:
        stage2 = path.name.startswith("stage2")
        channels = ("target", "error") if stage2 else ("target",)
        config = Config(
            dict(
                model=small_segmentor(channels),
                train_dataloader=dict(dataset=dict(store=str(train))),
                test_dataloader=dict(dataset=dict(store=str(test))),
            )
        )
        config.dump(path / f"{path.name}.py")
        torch.manual_seed(seed)
        model = MODELS.build(config.model)
        meta = dict(cfg=config.pretty_text, epoch=epoch)
        checkpoint = path / f"epoch_{epoch}.pth"
        torch.save(dict(state_dict=model.state_dict(), meta=meta), checkpoint)
        store = TileStore(train)
        bank = ErrorBank(len(store), (24, 24), store.fingerprint)
        predicted = np.random.default_rng(seed).random((len(store), 24, 24)) > 0.9
        bank.update(np.arange(len(store)), predicted, np.asarray(store.masks), 1)
        valid = int((np.asarray(store.masks) != 255).sum())
        snapshot = path / f"error_bank_epoch_{epoch}.npz"
        save_bank(
            bank, snapshot, begin=1, epoch=epoch, threshold=0.5, valid_pixels=valid
        )
        return path

    return add


@pytest.fixture
def whole_experiment(write_run, add_checkpoint) -> Callable[..., Path]:
    """All that a report can draw: three runs with histories, banks, checkpoints."""

    def make(folder: str, seed: int = 0) -> Path:
        bank = dict(parent="stage1_trunk", epoch=4, use="bank")
        more = dict(parent="stage1_trunk", epoch=4, use="continue")
        paths = [
            write_run("stage1_trunk", range(1, 5), folder=folder, seed=seed),
            write_run("stage1_baseline", range(5, 9), more, folder=folder, seed=seed),
            write_run(
                *("stage2_A100-200", range(1, 9), bank, 0.1 + seed / 100),
                folder=folder,
                seed=seed,
            ),
        ]
        for path, epoch in zip(paths, (4, 8, 8), strict=True):
            add_checkpoint(path, epoch, seed)
        return paths[0].parent

    return make
