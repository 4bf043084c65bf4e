"""A small depth estimator's config and checkpoint, as a training leaves them."""

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmext.registry import MODELS
from tests.small_models import small_head

LOAD = dict(type="LoadThermal", normalisation=dict(type="range", low=3000, high=6000))
RESIZE = dict(type="Resize", scale=(48, 32), keep_ratio=False)
FOLDER = dict(type="FolderDepthDataset", root="absent")


def depth_config(
    steps=(), max_depth: float = 10.0, train: dict = FOLDER, scored: dict = FOLDER
) -> Config:
    model = dict(
        type="DepthEstimator",
        data_preprocessor=dict(type="BandNormalizer", mean=[0.449], std=[0.226]),
        backbone=dict(type="UNet3", in_channels=1, base_channels=4),
        decode_head=dict(
            type="DepthHead",
            head=small_head(4),
            min_depth=0.5,
            max_depth=max_depth,
            structural_space="depth",
            losses=dict(abs_rel=dict(type="AbsRelLoss")),
        ),
    )
    pipeline = [LOAD, *steps, dict(type="LoadDepth"), dict(type="PackDepthInputs")]
    scored = dict(scored, pipeline=pipeline)
    evaluator = dict(type="CappedDepthMetric", prefix="test", max_depth=max_depth)
    return Config(
        dict(
            model=model,
            train_dataloader=dict(dataset=dict(train, pipeline=pipeline)),
            val_dataloader=dict(dataset=scored),
            test_dataloader=dict(dataset=scored),
            val_evaluator=evaluator,
            test_evaluator=evaluator,
        )
    )


def config_text(config: Config) -> str:
    """The config as a Python file; mmengine's own writer formats for half a second."""
    settings = config.to_dict()
    return "".join(f"{key} = {value!r}\n" for key, value in settings.items())


def write_depth_checkpoint(path: Path, config: Config, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    # Fixtures of a session are made before a test's scope is set.
    with DefaultScope.overwrite_default_scope("mmext"):
        estimator = MODELS.build(config.model)
    for parameter in estimator.parameters():
        # Fresh weights give nearly the same depth everywhere.
        torch.nn.init.normal_(parameter, std=0.2)
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = dict(
        cfg=config_text(config),
        epoch=3,
        dataset_meta=dict(store=dict(dataset="FolderDepthDataset")),
    )
    torch.save(dict(meta=meta, state_dict=estimator.state_dict()), path)
    return path
