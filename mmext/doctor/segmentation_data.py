"""The tile stores of a segmentation, and what is drawn of them."""

from typing import Any

import numpy as np
from mmengine.config import Config
from torch import nn

from mmext.datasets import TileDataset
from mmext.models.decode_heads import MultiLabelHead
from mmext.models.pretraining import MaskedImageModel
from mmext.registry import DATA_SAMPLERS

from .draws import check_draws, draw_shares
from .findings import Findings
from .footprints import check_footprints
from .loss_check import check_losses
from .stores import check_bands, check_copies, check_labels, check_same_bands
from .tile_scan import TileScan, scan_tiles

_TILES_OF_A_LOSS = 64


def check_segmentation_data(
    found: Findings, config: Config, sets: dict[str, Any], model: nn.Module | None
) -> None:
    """Labels, bands, copies, ground, draws and losses.

    Args:
        found: Gets the findings.
        config: The config.
        sets: The data sets by name; ``train`` is there.
        model: The config's model; None where it can't be built.
    """
    train = sets["train"]
    scans = {"train": scan_tiles(train.store)}
    stores = {"train": train.store}
    other = sets.get("test", sets.get("val"))
    if isinstance(other, TileDataset):
        stores["test"] = other.store
        scans["test"] = scan_tiles(other.store)
    needed = not isinstance(model, MaskedImageModel)
    for name, store in stores.items():
        check_labels(found, name, store, scans[name], needed)
        check_bands(found, name, store, scans[name])
    check_copies(found, scans["train"], scans.get("test"))
    if "test" in stores:
        check_same_bands(found, scans["train"], scans["test"])
        check_footprints(found, stores["train"], stores["test"])
    seen = _of_dataset(train, scans["train"])
    if not seen.positive.sum():
        return
    with found.refusals("sampler"):
        _check_training(found, config, train, seen, model)


def _of_dataset(dataset: TileDataset, scan: TileScan) -> TileScan:
    """The scan's tiles that the data set uses."""
    places = np.flatnonzero(np.isin(scan.tile_ids, dataset.indices))
    return TileScan(
        scan.tile_ids[places],
        scan.values,
        scan.positive[places],
        scan.valid[places],
        [scan.hashes[place] for place in places],
        scan.bands,
    )


def _check_training(
    found: Findings,
    config: Config,
    train: TileDataset,
    scan: TileScan,
    model: nn.Module | None,
) -> None:
    loader = config.train_dataloader
    sampler = DATA_SAMPLERS.build(
        {**(loader.get("sampler") or dict(type="DefaultSampler")), "dataset": train}
    )
    shares = draw_shares(sampler, len(train))
    shares = shares[np.isin(train.indices, scan.tile_ids)]
    shares = shares / shares.sum()
    check_draws(found, shares, scan, int(loader.batch_size), len(train))
    head = getattr(model, "decode_head", None)
    if not isinstance(head, MultiLabelHead):
        found.add("note", "loss", "not checked: the head is not mmext's own")
        return
    generator = np.random.default_rng(0)
    drawn = generator.choice(scan.tile_ids, _TILES_OF_A_LOSS, p=shares)
    masks = np.stack([train.store.masks[tile] for tile in drawn])
    if (masks == 1).any():
        check_losses(found, head.losses, masks)
