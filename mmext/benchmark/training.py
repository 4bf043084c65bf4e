"""Training through the Runner, against a bare loop and against stock mmsegmentation."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
from mmengine.config import Config
from mmengine.runner import Runner as StockRunner

from mmext.datasets.tile_store import TileStore
from mmext.registry import MODELS

from .measure import Comparison, best_clock, timed
from .setting import Size, cut, machine_size, trained_runner, write_png


def training(scene: Path, folder: Path, repeats: int) -> Iterator[Comparison]:
    """An epoch of training, by one thread and by as many as there are cores."""
    size = machine_size()
    store = cut(scene, folder / "tiles", size.tile)
    runner = trained_runner(store, size, folder / "ours")
    model = runner.model
    batches = len(runner.train_dataloader)
    ours = runner.train_loop.run_epoch
    bare = _bare_loop(store, size, batches, model.data_preprocessor)
    stock = _stock_mmseg(store, size, batches, folder)
    many = torch.get_num_threads()
    for threads in sorted({1, many}):
        torch.set_num_threads(threads)
        times = timed(repeats, ours, bare, stock)
        of = f"training, {size}, {threads} threads, an epoch of {batches} batches"
        on_gpu, clock = torch.cuda.is_available(), best_clock()
        for against, theirs, goal in (
            ("a bare loop on tensors in memory", times[1], 0.9 if on_gpu else 0.97),
            ("stock mmsegmentation on PNG tiles", times[2], 2.0 if on_gpu else 1.2),
        ):
            yield Comparison(
                of, against, times[0][clock], theirs[clock], clock=clock, goal=goal
            )
        if on_gpu:
            break
    torch.set_num_threads(many)


def _bare_loop(
    store: TileStore, size: Size, batches: int, normalise: torch.nn.Module
) -> Callable[[], None]:
    """The network trained as one writes it by hand for speed and nothing else."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    ids = np.arange(batches * size.batch) % len(store)
    pixels = torch.from_numpy(store.images[ids]).permute(0, 3, 1, 2).float()
    images = ((pixels - normalise.mean.cpu()) / normalise.std.cpu()).to(
        device, memory_format=torch.channels_last
    )
    targets = torch.from_numpy(store.masks[ids]).eq(1).float().to(device)
    backbone = MODELS.build(dict(type="mmext.UNet3", base_channels=size.width))
    backbone.init_weights()
    last = torch.nn.Conv2d(size.width, 1, 1)
    network = torch.nn.ModuleList([backbone, last])
    network.to(device, memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True)

    def epoch() -> None:
        for start in range(0, len(images), size.batch):
            part = slice(start, start + size.batch)
            with torch.autocast(
                device, size.autocast, enabled=size.autocast is not None
            ):
                logits = last(backbone(images[part])[-1])[:, 0]
            loss = functional.binary_cross_entropy_with_logits(
                logits.float(), targets[part]
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return epoch


def _stock_mmseg(
    store: TileStore, size: Size, batches: int, folder: Path
) -> Callable[[], None]:
    """The pipeline, segmentor and head of mmsegmentation around the same network."""
    write_png(store, folder / "png", batches * size.batch)
    header = store.header
    amp = size.autocast is not None
    config = Config(
        dict(
            default_scope="mmseg",
            work_dir=str(folder / "stock"),
            log_level="ERROR",
            model=dict(
                type="EncoderDecoder",
                data_preprocessor=dict(
                    type="SegDataPreProcessor",
                    mean=list(header["mean"]),
                    std=list(header["std"]),
                    size=(size.tile, size.tile),
                    seg_pad_val=255,
                ),
                backbone=dict(type="mmext.UNet3", base_channels=size.width),
                decode_head=dict(
                    type="FCNHead",
                    in_channels=size.width,
                    channels=size.width,
                    in_index=3,
                    num_convs=0,
                    concat_input=False,
                    dropout_ratio=0,
                    num_classes=2,
                    out_channels=1,
                    threshold=0.5,
                    loss_decode=dict(
                        type="CrossEntropyLoss", use_sigmoid=True, avg_non_ignore=True
                    ),
                ),
                train_cfg={},
                test_cfg=dict(mode="whole"),
            ),
            train_dataloader=dict(
                batch_size=size.batch,
                num_workers=0,
                sampler=dict(type="DefaultSampler", shuffle=True),
                dataset=dict(
                    type="BaseSegDataset",
                    data_root=str(folder / "png"),
                    data_prefix=dict(img_path="images", seg_map_path="masks"),
                    img_suffix=".png",
                    seg_map_suffix=".png",
                    metainfo=dict(classes=("background", "target")),
                    reduce_zero_label=False,
                    pipeline=[
                        dict(type="LoadImageFromFile"),
                        dict(type="LoadAnnotations"),
                        dict(type="PackSegInputs"),
                    ],
                ),
            ),
            optim_wrapper=dict(
                type="AmpOptimWrapper" if amp else "OptimWrapper",
                optimizer=dict(type="Adam", lr=1e-3),
                **(dict(dtype=str(size.autocast)[6:]) if amp else {}),
            ),
            train_cfg=dict(by_epoch=True, max_epochs=1, val_interval=1000),
            default_hooks=dict(checkpoint=None),
        )
    )
    runner = StockRunner.from_cfg(config)
    runner.train()
    return runner.train_loop.run_epoch
