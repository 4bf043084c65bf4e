#!/usr/bin/env python
"""Render synthetic farmland with its true fields.

    python tools/make_scenes.py --out data/demo/scenes --name train --size 2048 1536
    python tools/make_scenes.py --out data/many --scenes 4 --label-error-rate 0.2

Writes NAME.tif, NAME_fields.gpkg (the truth) and NAME.png; with label errors also
NAME_labels.gpkg (labels with them) and NAME_label_errors.gpkg (what was done).
"""

import argparse
from pathlib import Path

from tqdm import tqdm

from mmext.datasets.synthetic import (
    REGIONS,
    SceneSpec,
    plant_label_errors,
    render_scene,
    write_scene,
)
from mmext.errors import exit_with_one_line


@exit_with_one_line
def main() -> None:
    """Parse the command line and render."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--name", default="scene", help="stem of the files (scene)")
    parser.add_argument("--scenes", type=int, default=1, help="how many (1)")
    parser.add_argument(
        "--size", nargs=2, type=int, default=(1024, 1024), metavar=("WIDTH", "HEIGHT")
    )
    parser.add_argument("--seed", type=int, default=0, help="of the first scene (0)")
    parser.add_argument("--region", choices=sorted(REGIONS), default="gyeonggi")
    parser.add_argument("--pixel-size", type=float, default=0.25, help="metres (0.25)")
    parser.add_argument(
        "--label-error-rate", type=float, default=0.0, help="errors per field (0)"
    )
    args = parser.parse_args()
    width, height = args.size
    for index in tqdm(range(args.scenes), desc="Rendering", unit="scene"):
        seed = args.seed + index
        scene = render_scene(
            SceneSpec(height, width, seed, args.region, args.pixel_size)
        )
        faulty = None
        if args.label_error_rate:
            faulty = plant_label_errors(scene, args.label_error_rate, seed)
        name = args.name if args.scenes == 1 else f"{args.name}_{index}"
        write_scene(scene, args.out, name, faulty)


if __name__ == "__main__":
    main()
