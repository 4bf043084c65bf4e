#!/usr/bin/env python
"""Map scenes of any size: COGs of probabilities and classes, and polygons.

    python tools/predict_scene.py work_dirs/demo/stage2_A100-200/epoch_32.pth \
        data/demo/scenes/test.tif --out map
    python tools/predict_scene.py model.pth sheets/ --out map --min-area 50

    torchrun --nproc_per_node 4 tools/predict_scene.py model.pth sheets/ --out map

Per scene: NAME_probability.tif, NAME_class.tif (1 target, 2 error channel only,
3 both, 255 no-data) and NAME.gpkg (layer fields), which opens styled in QGIS.
Over several: map_class.vrt, map_probability.vrt and map.gpkg, in which fields that
cross sheets are whole. Finished scenes are skipped on a second call; a scene that can't
be mapped is named at the end and does not stop the others.
"""

import argparse
import os
from pathlib import Path
from typing import get_args

import torch

from mmext.errors import UserError, exit_with_one_line
from mmext.geo.prediction import (
    PredictionSettings,
    open_predictor,
    predict_scenes,
)
from mmext.geo.prediction_settings import Backend, Precision
from mmext.geo.scene_list import expand_images


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "checkpoint", type=Path, help="epoch_N.pth, or an exported .onnx"
    )
    parser.add_argument("scenes", nargs="+", help="files, folders, globs, .txt lists")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument(
        "--device", default="cuda" if torch.cuda.is_available() else "cpu"
    )
    parser.add_argument(
        "--backend",
        choices=get_args(Backend),
        default="eager",
        help="what runs the network; auto times those installed (eager)",
    )
    parser.add_argument(
        "--precision",
        choices=get_args(Precision),
        default="fp32",
        help="of convolutions, 16 bits only on a GPU (fp32)",
    )
    parser.add_argument("--window", type=int, default=512, help="pixels (512)")
    parser.add_argument(
        "--overlap", type=int, help="pixels around each window (the network's reach)"
    )
    parser.add_argument("--tta", action="store_true", help="average over flips")
    parser.add_argument(
        "--float", action="store_true", help="probabilities as float32, not 0–250"
    )
    parser.add_argument(
        "--min-area", type=float, default=0.0, help="leave out smaller polygons, m²"
    )
    parser.add_argument(
        "--simplify", type=float, default=0.0, help="tolerance in pixels (0)"
    )
    parser.add_argument(
        "--where", help="keep only polygons for which this holds, in SQL"
    )
    parser.add_argument("--fill-holes", action="store_true", help="close holes")
    parser.add_argument(
        "--resample", action="store_true", help="bring scenes to the training pixels"
    )
    return parser.parse_args()


@exit_with_one_line
def main() -> None:
    """Parse the command line and map."""
    args = parse_arguments()
    scenes = expand_images(args.scenes)
    settings = PredictionSettings(
        window=args.window,
        overlap=args.overlap,
        flips=args.tta,
        float_probabilities=args.float,
        min_area=args.min_area,
        simplify=args.simplify,
        fill_holes=args.fill_holes,
        where=args.where,
        resample=args.resample,
    )
    predictor = open_predictor(
        args.checkpoint, args.backend, args.device, args.window, args.precision
    )
    print(f"{args.checkpoint} with {predictor.backend}, {predictor.precision}")
    failures = predict_scenes(predictor, scenes, args.out, settings)
    # Every process knows of all failures; one of them says so.
    if failures and os.environ.get("RANK", "0") == "0":
        raise UserError(
            f"{len(failures)} of {len(scenes)} scenes or steps failed: "
            f"{'; '.join(failures)}"
        )


if __name__ == "__main__":
    main()
