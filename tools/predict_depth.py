#!/usr/bin/env python
r"""Predict depth of thermal images: files, folders or videos.

    python tools/predict_depth.py work_dirs/depth/all/epoch_30.pth thermal/ --out depth
    python tools/predict_depth.py model.pth night.mp4 --out depth --preview-range 1 40
    python tools/predict_depth.py model.pth frame.png --out depth --format tiff \
        --intrinsics 387.8 387.8 300.8 151.6

Per image: NAME_depth.png, 16 bit in millimetres (or NAME_depth.tif, float32 in metres),
and NAME_preview.png. With --intrinsics also NAME.ply, points in metres that MeshLab and
CloudCompare open. prediction.json says which model made them and in which units. Depths
are metric as the network gives them; nothing is median-scaled. Only the checkpoint and
the thermal images are read.
"""

import argparse
from pathlib import Path

import torch

from mmext.depth_inference import (
    DepthPredictor,
    Intrinsics,
    OutputSettings,
    ThermalSource,
    predict_files,
)
from mmext.errors import exit_with_one_line


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path, help="epoch_N.pth")
    parser.add_argument("inputs", nargs="+", type=Path, help="images, folders, videos")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument(
        "--format", choices=("png", "tiff"), default="png", help="of the depth (png)"
    )
    parser.add_argument(
        "--scale", type=float, default=1000.0, help="PNG units in a metre (1000)"
    )
    parser.add_argument(
        "--structural", action="store_true", help="also write NAME_structural.tif"
    )
    parser.add_argument(
        "--preview-range",
        nargs=2,
        type=float,
        metavar=("NEAR", "FAR"),
        help="metres at the ends of the preview's colours (each image's own)",
    )
    parser.add_argument(
        "--intrinsics",
        nargs=4,
        type=float,
        metavar=("FX", "FY", "CX", "CY"),
        help="of the thermal camera, pixels: also write NAME.ply",
    )
    parser.add_argument("--batch-size", type=int, default=8, help="images (8)")
    parser.add_argument(
        "--device", default="cuda" if torch.cuda.is_available() else "cpu"
    )
    return parser.parse_args()


@exit_with_one_line
def main() -> None:
    """Parse the command line and predict."""
    args = parse_arguments()
    settings = OutputSettings(
        tiff=args.format == "tiff",
        scale=args.scale,
        structural=args.structural,
        preview_limits=tuple(args.preview_range) if args.preview_range else None,
        camera=Intrinsics(*args.intrinsics) if args.intrinsics else None,
        batch_size=args.batch_size,
    )
    source = ThermalSource(args.inputs)
    predictor = DepthPredictor(args.checkpoint, args.device)
    number = predict_files(predictor, source, args.out, settings)
    print(f"{args.out}: depth of {number} images")


if __name__ == "__main__":
    main()
