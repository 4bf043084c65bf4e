#!/usr/bin/env python
"""Render rooms and streets for thermal depth, with exact depth.

    python tools/make_depth_scenes.py --out data/depth_demo --train 40 --test 12
    python tools/make_depth_scenes.py --out data/streets --kind outdoor --lidar-beams 24

Writes thermal images, depth in metres, RGB of the same view, structural maps (exact
inverse depth with a scale and shift of its own for each frame), object masks, and
samples.csv, as FolderDepthDataset reads them. Splits never share a scene. With
--lidar-beams the training depth is sparse; that of the test stays exact.
"""

import argparse
from pathlib import Path

from tqdm import tqdm

from mmext.datasets.depth.synthetic import (
    KINDS,
    SceneFolderWriter,
    SequenceSpec,
    render_sequence,
)
from mmext.errors import exit_with_one_line


@exit_with_one_line
def main() -> None:
    """Parse the command line and render."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--train", type=int, default=40, help="scenes to train on (40)")
    parser.add_argument("--test", type=int, default=12, help="scenes to test on (12)")
    parser.add_argument("--frames", type=int, default=6, help="frames a scene (6)")
    parser.add_argument(
        "--size", nargs=2, type=int, default=(128, 96), metavar=("WIDTH", "HEIGHT")
    )
    parser.add_argument(
        "--field-of-view", type=float, default=65.0, help="left to right, degrees (65)"
    )
    parser.add_argument("--kind", choices=(*KINDS, "both"), default="indoor")
    parser.add_argument("--seed", type=int, default=0, help="of the whole set (0)")
    parser.add_argument(
        "--lidar-beams",
        type=int,
        default=0,
        help="rows of a laser scanner that measures the training depth (0: dense)",
    )
    args = parser.parse_args()
    width, height = args.size
    kinds = KINDS if args.kind == "both" else (args.kind,)
    writer = SceneFolderWriter(args.out)
    splits = ["train"] * args.train + ["test"] * args.test
    for index, split in enumerate(tqdm(splits, desc="Rendering", unit="scene")):
        kind = kinds[index % len(kinds)]
        spec = SequenceSpec(
            kind=kind,
            seed=args.seed * 100_000 + index,
            frames=args.frames,
            height=height,
            width=width,
            lidar_beams=args.lidar_beams if split == "train" else 0,
            field_of_view=args.field_of_view,
        )
        for number, frame in enumerate(render_sequence(spec)):
            writer.add(f"{kind}_{index:04d}", split, number, frame)
    writer.finish({"seed": args.seed, "kind": args.kind, "frames": args.frames})


if __name__ == "__main__":
    main()
