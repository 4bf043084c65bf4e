"""Depth trains on a GPU as on the CPU."""

import json
from pathlib import Path

import numpy as np
import pytest

from mmext.engine.train import train
from mmext.inference.device import running_on
from mmext.synthetic.thermal import SequenceSpec, render_sequence
from mmext.synthetic.thermal.writing import SceneFolderWriter

CONFIG = Path(__file__).resolve().parents[2] / "configs" / "depth" / "demo" / "all.py"


def test_the_first_epochs_losses_are_the_cpus(device, tmp_path):
    writer = SceneFolderWriter(tmp_path / "rooms")
    for split in ("train", "test"):
        for number, frame in enumerate(
            render_sequence(SequenceSpec("indoor", 0, 2, 32, 48))
        ):
            writer.add(f"room_{split}", split, number, frame)
    writer.finish({})
    options = {
        "epoch_scale": 1.0,
        "train_cfg.max_epochs": 1,
        "model.backbone.base_channels": 4,
        **{
            f"{part}_dataloader.{key}": value
            for part in ("train", "val", "test")
            for key, value in (
                ("dataset.root", str(tmp_path / "rooms")),
                ("batch_size", 2),
                ("num_workers", 0),
            )
        },
    }
    found = []
    for name, where in (("one", "cpu"), ("other", device)):
        with running_on(where):
            train(CONFIG, tmp_path / name, options)
        lines = (tmp_path / name / "history.jsonl").read_text().splitlines()
        found.append([json.loads(line)["loss"]["sum"] for line in lines])
    assert np.isfinite(found).all()
    assert found[1][0] == pytest.approx(found[0][0], rel=0.02)
