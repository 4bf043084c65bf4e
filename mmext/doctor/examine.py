"""Looking at a config, its data and its machine."""

import copy
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import DefaultScope
from torch import nn
from torch.utils.data import Dataset

from mmext.datasets import TileDataset
from mmext.datasets.sample_store import SampleStore
from mmext.engine.build_config import default_work_dir
from mmext.engine.stores import fill_store_statistics
from mmext.errors import UserError
from mmext.registry import DATASETS, MODELS
from mmext.structures import ErrorBank

from .cost import check_cost
from .depth_data import check_depth_data
from .findings import Findings
from .links import Link, find_hook, find_links
from .measure import Measured, measure
from .segmentation_data import check_segmentation_data


def examine(
    config_path: Path,
    work_dir: Path | None = None,
    options: dict[str, Any] | None = None,
    verify: bool = False,
) -> Findings:
    """Look at what a training will meet. Nothing is written anywhere.

    Args:
        config_path: The config file.
        work_dir: Where the run's files would go, as in training.
        options: ``--cfg-options``.
        verify: Compare every byte of the stores with what was recorded of them, not
            only their sizes, times and some tiles as each training does.

    Returns:
        What was found.

    Raises:
        UserError: It is no config, or it or a parent says what is no use.
    """
    found = Findings(str(config_path))
    links = find_links(config_path, work_dir or default_work_dir(config_path), options)
    found.add("ok", "config", "every key is known, every value of its type and range")
    _check_parents(found, links)
    with DefaultScope.overwrite_default_scope("mmext"):
        config = copy.deepcopy(links[-1].config)
        sets = _open_sets(found, config)
        if "train" not in sets:
            return found
        model = None
        with found.refusals("model"):
            fill_store_statistics(config)
            model = _build(config)
        if isinstance(sets["train"], TileDataset):
            _verify_stores(found, sets, verify)
            check_segmentation_data(found, config, sets, model)
        else:
            check_depth_data(found, config, sets, model)
        if model is not None:
            with found.refusals("training"):
                _measure_all(found, links, sets, model)
        else:
            found.add(
                "note", "time", "not measured: no step can be run before that is mended"
            )
    return found


def _check_parents(found: Findings, links: list[Link]) -> None:
    for link in links[:-1]:
        if not link.is_there:
            found.add(
                "note",
                "parents",
                f"{link.needed} is not there yet",
                "train with --with-parents",
            )
    for link in links:
        hook = find_hook(link.config, "ErrorAccumulationHook") or {}
        begin, end = hook.get("begin", 100), int(link.config.train_cfg.max_epochs)
        if hook and isinstance(begin, int) and begin >= end:
            found.add(
                "error",
                "epochs",
                f"{link.config_path.name}: accumulation begins after epoch {begin}, "
                f"which never comes in {end}",
                "lower default_hooks.error_accumulation.begin",
            )


def _open_sets(found: Findings, config: Config) -> dict[str, Any]:
    sets: dict[str, Any] = {}
    for name in ("train", "val", "test"):
        loader = config.get(f"{name}_dataloader")
        if loader is None:
            found.add("note", "data", f"{name}: the config names no such set")
            continue
        with found.refusals(f"{name} set"):
            sets[name] = _open(loader.dataset)
    return sets


def _open(settings: Any) -> Dataset:
    """Open a data set, with an empty bank where stage 1 has made none yet."""
    settings = copy.deepcopy(settings)
    if settings.get("type", "").rpartition(".")[2] != "TileDataset":
        return DATASETS.build(settings)
    # The errors don't matter here: a bank of none takes the same time.
    settings.pop("error_variant", None)
    settings.pop("error_mask", None)
    dataset = DATASETS.build(settings)
    if any("LoadError" in str(step.get("type")) for step in settings.pipeline):
        store = dataset.store
        shape = store.masks.shape[1:3]
        dataset.bank = ErrorBank(len(store), shape, store.fingerprint, counts=True)
    return dataset


def _verify_stores(found: Findings, sets: dict[str, Any], full: bool) -> None:
    stores = {
        data.store.path: data.store
        for data in sets.values()
        if isinstance(data, TileDataset)
    }
    for path, store in stores.items():
        with found.refusals("store"):
            store.verify(full)
            if isinstance(store, SampleStore):
                found.add("ok", "store", f"{path}: no store, samples that can be read")
                continue
            what = "every byte" if full else "sizes, times and some tiles"
            found.add("ok", "store", f"{path}: {what} as recorded")


def _build(config: Config) -> nn.Module:
    model = copy.deepcopy(config.model)
    # Whether weights to start from are there is found out when training starts.
    model.get("backbone", {}).pop("init_cfg", None)
    return MODELS.build(model)


def _measure_all(
    found: Findings, links: list[Link], sets: dict[str, Any], model: nn.Module
) -> None:
    device = torch.device(get_device())
    by_kind: dict[str, Measured] = {}
    measured = []
    for link in reversed(links):
        config = copy.deepcopy(link.config)
        loader = config.train_dataloader
        kind = f"{config.model}{loader.batch_size}{loader.get('num_workers')}"
        kind += str(config.optim_wrapper)
        if kind not in by_kind:
            dataset = sets["train"]
            if link is not links[-1]:
                fill_store_statistics(config)
                model, dataset = _build(config), _open(loader.dataset)
            by_kind[kind] = measure(model, config, dataset, device)
        measured.append((link, by_kind[kind]))
    train = sets["train"]
    sizes = {
        "train": len(train),
        "val": len(sets.get("val", ())),
        "pixels": train.store.masks[0].size if isinstance(train, TileDataset) else 0,
    }
    if not sizes["train"]:
        raise UserError("train_dataloader.dataset: holds no samples")
    check_cost(found, measured[::-1], sizes, device)
