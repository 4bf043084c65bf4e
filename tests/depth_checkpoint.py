"""A small depth estimator's checkpoint, as the Runner writes it, untrained."""

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmext.registry import MODELS

LOAD = dict(type="LoadThermal", normalisation=dict(type="range", low=3000, high=6000))
RESIZE = dict(type="Resize", scale=(48, 32), keep_ratio=False)


def write_depth_checkpoint(
    path: Path, steps=(), max_depth: float = 10.0, dataset: dict | None = None
) -> Path:
    model = dict(
        type="DepthEstimator",
        data_preprocessor=dict(type="BandNormalizer", mean=[0.449], std=[0.226]),
        backbone=dict(type="UNet3", in_channels=1, base_channels=4),
        decode_head=dict(
            type="DepthHead",
            head=dict(
                type="FCNHead",
                in_channels=4,
                channels=4,
                in_index=3,
                num_convs=0,
                concat_input=False,
                dropout_ratio=0,
            ),
            min_depth=0.5,
            max_depth=max_depth,
            structural_space="depth",
            losses=dict(abs_rel=dict(type="AbsRelLoss")),
        ),
    )
    pipeline = [LOAD, *steps, dict(type="LoadDepth"), dict(type="PackDepthInputs")]
    config = Config(
        dict(
            model=model,
            test_dataloader=dict(
                dataset=dict(
                    dataset or dict(type="FolderDepthDataset", root="absent"),
                    pipeline=pipeline,
                )
            ),
        )
    )
    torch.manual_seed(0)
    # Fixtures of a session are made before a test's scope is set.
    with DefaultScope.overwrite_default_scope("mmext"):
        estimator = MODELS.build(config.model)
    for parameter in estimator.parameters():
        # Fresh weights give nearly the same depth everywhere.
        torch.nn.init.normal_(parameter, std=0.2)
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = dict(
        cfg=config.pretty_text,
        epoch=3,
        dataset_meta=dict(store=dict(dataset="FolderDepthDataset")),
    )
    torch.save(dict(meta=meta, state_dict=estimator.state_dict()), path)
    return path
