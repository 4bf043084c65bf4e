"""Tile stores of a public data set."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mmext.datasets.store_record import store_line
from mmext.datasets.tile_store import TileStore

from .cutting import cut_scenes, refuse_to_replace
from .cutting_settings import NODATA_FROM_FILE, Cutting
from .published_scenes import published_scenes
from .published_sets import PublishedSet
from .store_preview import write_preview


def cut_published(
    known: PublishedSet,
    folder: Path,
    out: Path,
    target: str,
    splits: Sequence[str],
    cutting: Cutting,
    overwrite: bool = False,
    jobs: int = 1,
) -> None:
    """Write a store for each split, and say what is in it.

    All splits are looked for, and their labels read, before the first is cut.

    Args:
        known: The data set.
        folder: Where it was unpacked.
        out: The folder of the stores.
        target: One of its classes.
        splits: Those to cut.
        cutting: How to cut. What the set needs beyond it is added: pairing by pixel,
            and which pixels show nothing.
        overwrite: Replace stores that are there.
        jobs: Processes that cut.

    Raises:
        UserError: Files are missing or not those of the set, or a store is there.
    """
    for split in splits:
        refuse_to_replace(out / split, overwrite)
    scenes = {split: published_scenes(known, folder, split, target) for split in splits}
    for split in splits:
        rule = cutting.nodata
        if rule == NODATA_FROM_FILE and split in known.blank:
            rule = known.blank[split]
            print(f"{split}: pixels of {rule:g} in all bands are left out as blank")
        settings = replace(
            cutting, by_pixel=cutting.by_pixel or known.by_pixel, nodata=rule
        )
        meta = cut_scenes(scenes[split], out / split, settings, overwrite, jobs)
        write_preview(TileStore(out / split), out / split / "preview.png")
        print(store_line(out / split, meta))
