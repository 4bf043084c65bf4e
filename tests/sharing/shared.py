"""A checkpoint in a work directory, with what a training measures beside it."""

import json
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmext.datasets.tile_store import TileStore
from mmext.inference.config_data import plain_config
from mmext.registry import MODELS
from tests.inference.test_checkpoint import model_config

SCORES = {"iou": 0.41, "precision": 0.5, "recall": 0.7, "f1": 0.58}


def write_run(folder: Path, store: Path, **meta: object) -> Path:
    """A work directory's checkpoint ``epoch_3.pth``; ``meta`` adds to its meta."""
    config = dict(
        model={
            **model_config(channels=("target", "error")),
            "decoder": dict(type="UnionDecoder", threshold=0.45),
        },
        train_dataloader=dict(dataset=dict(type="TileDataset", store=str(store))),
        val_dataloader=dict(dataset=dict(type="TileDataset", store="data/here/val")),
        test_dataloader=dict(dataset=dict(type="TileDataset", store="data/test")),
        a_tuple=(1, (2.5, None)),
    )
    with DefaultScope.overwrite_default_scope("mmext"):
        torch.manual_seed(3)
        model = MODELS.build(config["model"])
        model.init_weights()
    # Batch norm as a training leaves it: not zeros and ones.
    for name, buffer in model.named_buffers():
        if buffer.dtype == torch.float32 and "running" in name:
            buffer.uniform_(0.5, 2)
    header = dict(TileStore(store).meta)
    header.pop("scenes")
    about = dict(
        cfg=plain_config(Config(config)),
        epoch=3,
        iter=9,
        time="20260102_030405",
        dataset_meta=dict(classes=("background", "target"), store=header),
        **meta,
    )
    folder.mkdir(parents=True)
    path = folder / "epoch_3.pth"
    torch.save(dict(meta=about, state_dict=model.state_dict()), path)
    objects = {"union": {"recall": 0.8, "precision": 0.1, "true_objects": 5}}
    lines = [
        {"epoch": epoch, "test": {"target": SCORES, "loss": 0.1, "objects": objects}}
        for epoch in (2, 3)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "history.jsonl").write_text(text)
    record = {
        "config": "stage2_A",
        "seed": 5,
        "epochs": 3,
        "state": "finished",
        "warnings": [{"kind": "premise", "epoch": 2, "message": "IoU is | 0.5 <b>"}],
    }
    (folder / "run.json").write_text(json.dumps(record))
    return path
