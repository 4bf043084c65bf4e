"""What all measurements run on: a rendered scene, cut into tiles, and a network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from PIL import Image

from mmext.datasets.tile_store import TileStore
from mmext.engine.build_config import load_config
from mmext.engine.runner import Runner
from mmext.engine.stores import fill_store_statistics
from mmext.inference.checkpoint import LoadedModel
from mmext.prepare.cutting import cut_scenes
from mmext.prepare.cutting_settings import Cutting
from mmext.prepare.labels import LabelSource
from mmext.prepare.scenes import Scene
from mmext.registry import MODELS
from mmext.shipped_configs import find_shipped
from mmext.synthetic.farmland import SceneSpec, render_scene, write_scene

SIDE = 1536


@dataclass(frozen=True)
class Size:
    """How large the network and its batches are.

    Attributes:
        width: The U-Net's base channels.
        tile: Side of a tile in pixels.
        batch: Tiles a batch.
        autocast: Type of mixed precision; None means float32.
    """

    width: int
    tile: int
    batch: int
    autocast: torch.dtype | None = None

    def __str__(self) -> str:
        precision = f", {str(self.autocast)[6:]}" if self.autocast else ""
        return f"UNet3-{self.width}, batch {self.batch} of {self.tile} px{precision}"


def machine_size() -> Size:
    """A small network and tiles for a CPU; the paper's, in bfloat16, for a GPU."""
    if torch.cuda.is_available():
        return Size(64, 256, 48, torch.bfloat16)
    return Size(16, 128, 16)


def render(folder: Path) -> Path:
    """Render the scene that is cut and mapped; its GeoTIFF."""
    write_scene(render_scene(SceneSpec(SIDE, SIDE, seed=0)), folder, "scene")
    return folder / "scene.tif"


def cut(scene: Path, folder: Path, tile: int) -> TileStore:
    """Cut the rendered scene into tiles."""
    labels = LabelSource(scene.with_name(f"{scene.stem}_fields.gpkg"))
    cut_scenes([Scene(scene.stem, scene, labels)], folder, Cutting(tile))
    return TileStore(folder)


def write_png(store: TileStore, folder: Path, number: int) -> list[tuple[Path, Path]]:
    """Write tiles as mmsegmentation reads them.

    Args:
        store: Where they come from, from the first on and over again.
        folder: Gets ``images`` and ``masks``, of equal names.
        number: How many.

    Returns:
        The image and the mask of each.
    """
    images, masks = folder / "images", folder / "masks"
    for part in (images, masks):
        part.mkdir(parents=True)
    files = [(images / f"{i:05}.png", masks / f"{i:05}.png") for i in range(number)]
    for index, (image, mask) in enumerate(files):
        tile = index % len(store)
        Image.fromarray(np.asarray(store.images[tile])).save(image)
        Image.fromarray(np.asarray(store.masks[tile])).save(mask)
    return files


def trained_runner(
    store: TileStore, size: Size, work_dir: Path, options: dict[str, Any] | None = None
) -> Runner:
    """A Runner of stage 1 after an epoch to warm up.

    Its ``train_loop.run_epoch()`` is what is timed.
    """
    runner = built_runner(store, size, work_dir, options)
    runner.train()
    return runner


def built_runner(
    store: TileStore, size: Size, work_dir: Path, options: dict[str, Any] | None = None
) -> Runner:
    """The Runner of stage 1, as ``mmext train`` builds it.

    Nothing is validated, saved or accumulated unless options ask for it.
    """
    settings: dict[str, Any] = {
        "epoch_scale": 1.0,
        "train_cfg.max_epochs": 1,
        "train_cfg.val_begin": 1000,
        "model.backbone.base_channels": size.width,
        "default_hooks.error_accumulation": None,
        "default_hooks.checkpoint.interval": 1000,
        "log_level": "ERROR",
        **{
            f"{part}_dataloader.{key}": value
            for part in ("train", "val", "test")
            for key, value in (
                ("dataset.store", str(store.path)),
                ("batch_size", size.batch),
                ("num_workers", 0),
            )
        },
        **(options or {}),
    }
    config: Config = load_config(find_shipped("stage1_trunk.py"), settings)
    if size.autocast is not None:
        config.optim_wrapper.type = "AmpOptimWrapper"
        config.optim_wrapper.dtype = str(size.autocast)[6:]
    fill_store_statistics(config)
    config.work_dir = str(work_dir)
    return Runner.from_cfg(config)


def untrained(header: dict[str, Any], width: int = 16) -> LoadedModel:
    """A model of two channels, for scenes like those of a store's description."""
    head = dict(
        type="FCNHead",
        in_channels=width,
        channels=width,
        in_index=3,
        num_convs=0,
        concat_input=False,
        dropout_ratio=0,
    )
    model = MODELS.build(
        dict(
            type="BinarySegmentor",
            data_preprocessor=dict(
                type="BandNormalizer", mean=header["mean"], std=header["std"]
            ),
            backbone=dict(type="UNet3", base_channels=width),
            decode_head=dict(
                type="DualHead", head=head, loss=dict(type="MaskedBCEWithLogitsLoss")
            ),
            # An untrained network says 0.5 everywhere: no map has that many polygons.
            decoder=dict(type="UnionDecoder", threshold=0.99),
        )
    )
    return LoadedModel(model.eval(), Config(), header, Path("none"), "0" * 64, 0)
