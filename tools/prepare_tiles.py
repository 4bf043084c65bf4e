#!/usr/bin/env python
r"""Cut orthophotos and labels into a tile store.

Polygons, in any coordinate system:
    python tools/prepare_tiles.py --images ortho_*.tif --labels fields.gpkg \
        --label-where "crop = 'ginseng'" --out data/ginseng/train
A label raster, on the same grid or another:
    python tools/prepare_tiles.py --images a.tif --labels a_mask.tif --out data/a
Folders of images and masks of the same names:
    python tools/prepare_tiles.py --images img_dir --masks ann_dir --out data/b \
        --split-csv splits.csv --split train
"""

import argparse
from pathlib import Path

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError, exit_with_one_line
from mmext.geo.cutting import Scene, cut_scenes
from mmext.geo.cutting_settings import NODATA_FROM_FILE, Cutting
from mmext.geo.labels import RasterLabels, read_labels
from mmext.geo.scene_list import (
    expand_images,
    folder_scenes,
    scenes_with_labels,
    select_split,
)
from mmext.geo.store_preview import write_preview


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--images", nargs="+", required=True, help="files, folders, globs, .txt lists"
    )
    labels = parser.add_mutually_exclusive_group(required=True)
    labels.add_argument(
        "--labels", nargs="+", help="polygons or rasters: one for all, or one for each"
    )
    labels.add_argument("--masks", type=Path, help="folder of masks, by image name")
    parser.add_argument("--out", type=Path, required=True, help="the store's folder")
    parser.add_argument("--overwrite", action="store_true", help="replace a store")
    parser.add_argument("--label-layer", help="layer of a vector file")
    parser.add_argument("--label-where", help="attribute filter in SQL")
    parser.add_argument(
        "--all-touched",
        action="store_true",
        help="burn every pixel that a polygon touches, not only covered centres",
    )
    parser.add_argument(
        "--label-values", nargs="+", type=int, help="raster values that mean target"
    )
    parser.add_argument("--split-csv", type=Path, help="CSV with columns file, split")
    parser.add_argument("--split", help="which split of --split-csv")
    parser.add_argument("--tile-size", type=int, default=256, help="pixels (256)")
    parser.add_argument("--stride", type=int, help="pixels (the tile size)")
    parser.add_argument("--bands", nargs="+", type=int, help="bands, counted from 1")
    parser.add_argument(
        "--nodata",
        default=NODATA_FROM_FILE,
        help="'auto' believes the file, 'none' means every pixel is valid, or a value",
    )
    parser.add_argument(
        "--min-valid", type=float, default=0.0, help="share of valid pixels (any)"
    )
    return parser.parse_args()


def list_scenes(args: argparse.Namespace) -> list[Scene]:
    """The scenes that the command line names, with their labels."""
    images = expand_images(args.images)
    if (args.split_csv is None) != (args.split is None):
        raise UserError("--split-csv and --split: give both or neither")
    if args.split_csv:
        images = select_split(images, args.split_csv, args.split)
    if args.masks:
        return folder_scenes(images, args.masks, args.label_values)
    labels = [
        read_labels(
            path,
            args.label_layer,
            args.label_where,
            args.all_touched,
            args.label_values,
        )
        for path in args.labels
    ]
    return scenes_with_labels(images, labels)


def parse_nodata(text: str) -> float | str | None:
    """``--nodata`` as :class:`Cutting` takes it."""
    if text == NODATA_FROM_FILE:
        return text
    if text.lower() == "none":
        return None
    try:
        return float(text)
    except ValueError:
        raise UserError(
            f"--nodata: is {text!r}, expected auto, none or a number"
        ) from None


@exit_with_one_line
def main() -> None:
    """Parse the command line and cut."""
    args = parse_arguments()
    scenes = list_scenes(args)
    for note in sorted(
        {s.labels.note for s in scenes if isinstance(s.labels, RasterLabels)} - {""}
    ):
        print(f"Labels: {note}")
    meta = cut_scenes(
        scenes,
        args.out,
        Cutting(
            tile_size=args.tile_size,
            stride=args.stride,
            bands=tuple(args.bands) if args.bands else None,
            nodata=parse_nodata(args.nodata),
            min_valid=args.min_valid,
        ),
        overwrite=args.overwrite,
    )
    write_preview(TileStore(args.out), args.out / "preview.png")
    print(
        f"{args.out}: {meta['num_tiles']} tiles, {meta['positive_tiles']} positive "
        f"(more than 0.1 % target), {meta['positive_share']:.2%} of the valid pixels "
        "are target"
    )


if __name__ == "__main__":
    main()
