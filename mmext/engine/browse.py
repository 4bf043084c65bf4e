"""What a training is shown, as pictures: samples after all augmentation."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner, set_random_seed
from PIL import Image
from tqdm import tqdm

from mmext.datasets.tile_dataset import TileDataset
from mmext.engine.build_config import default_work_dir, load_config
from mmext.engine.lineage import find_parents, start_from_parents
from mmext.engine.lineage_options import own_options
from mmext.engine.tile_panels import error_panel, label_panel, side_by_side, stacked
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.raster.display import Display
from mmext.structures import TileSamples

# Samples on a picture.
_ROWS = 8


@dataclass(frozen=True)
class _Sample:
    """A sample as the network gets it.

    Attributes:
        image: (H, W, C), in the store's units.
        label: (H, W) in {0, 1, 255}.
        error: (H, W) error codes; None of a data set without an error mask.
        place: What says where it is from.
    """

    image: np.ndarray
    label: np.ndarray
    error: np.ndarray | None
    place: dict[str, Any]


def browse(
    config_path: Path,
    out: Path,
    options: dict[str, Any] | None = None,
    split: str = "train",
    samples: int = 32,
    work_dir: Path | None = None,
) -> list[Path]:
    """Draw the first samples of an epoch, as sampler and augmentation make them.

    A row is a sample: image, label and, in a second stage whose parent has been
    trained, the error mask. ``samples.csv`` says which row is which tile.

    Args:
        config_path: The config.
        out: Folder for ``SPLIT_NN.png`` and ``samples.csv``.
        options: ``--cfg-options``.
        split: Which of the config's dataloaders: train, val or test.
        samples: How many.
        work_dir: The run's, beside which its parents' lie.

    Returns:
        The pictures.

    Raises:
        UserError: The config has no such dataloader, or its data set is none of tiles.
    """
    config = load_config(config_path, own_options(config_path, options))
    loader_config = config.get(f"{split}_dataloader")
    if not loader_config:
        raise UserError(f"{config_path}: has no {split}_dataloader")
    if split == "train":
        parents = find_parents(
            config, config_path, work_dir or default_work_dir(config_path)
        )
        missing = [path for parent in parents for path in parent.missing()]
        if missing and parents[0].use == "bank":
            print(f"{missing[0]}: not there yet, so there is no error mask to show")
            _without_errors(config)
        elif parents and not missing:
            start_from_parents(config, parents)
    loader_config = config[f"{split}_dataloader"]
    loader_config.update(num_workers=0)
    loader_config.pop("prefetch_factor", None)
    seed = config.get("randomness", {}).get("seed", 0)
    with DefaultScope.overwrite_default_scope("mmext"):
        loader = Runner.build_dataloader(loader_config, seed=seed)
        if not isinstance(loader.dataset, TileDataset):
            raise UserError(
                f"{split}_dataloader.dataset: is a {type(loader.dataset).__name__}, "
                "browse expects a TileDataset"
            )
        set_random_seed(seed)
        shown = list(
            tqdm(
                islice(_drawn(loader), samples),
                desc="Reading samples",
                total=samples,
                unit="sample",
            )
        )
    return _write(shown, Display(loader.dataset.store), out, split)


def _without_errors(config: Config) -> None:
    pipeline = config.train_dataloader.dataset.pipeline
    config.train_dataloader.dataset.pipeline = [
        step for step in pipeline if "LoadError" not in str(step.type)
    ]


def _drawn(loader: Any) -> Iterator[_Sample]:
    for batch in loader:
        samples = batch["data_samples"]
        images = torch.stack(tuple(batch["inputs"])).float()
        if isinstance(samples, TileSamples):
            images = samples.change(images)
        for image, sample in zip(images, samples, strict=True):
            error = sample.get("gt_error")
            yield _Sample(
                image.permute(1, 2, 0).numpy(),
                sample.gt_sem_seg.data[0].numpy(),
                None if error is None else error.data[0].numpy(),
                {
                    key: sample.metainfo[key]
                    for key in ("tile_id", "scene", "row_off", "col_off")
                    if key in sample.metainfo
                },
            )


def _write(
    samples: list[_Sample], display: Display, out: Path, split: str
) -> list[Path]:
    out.mkdir(parents=True, exist_ok=True)
    pictures, places = [], []
    for start in range(0, len(samples), _ROWS):
        rows = []
        path = out / f"{split}_{start // _ROWS:02d}.png"
        for number, sample in enumerate(samples[start : start + _ROWS], 1):
            panels = [display.as_bytes(sample.image), label_panel(sample.label)]
            if sample.error is not None:
                panels.append(error_panel(sample.error))
            rows.append(side_by_side(panels))
            places.append({"picture": path.name, "row": number, **sample.place})
        with atomic_path(path) as temporary:
            Image.fromarray(stacked(rows)).save(temporary, format="PNG")
        pictures.append(path)
    with atomic_path(out / "samples.csv") as temporary:
        pd.DataFrame(places).to_csv(temporary, index=False)
    return pictures
