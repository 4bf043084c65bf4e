#!/usr/bin/env python
r"""Write structural depth targets from RGB with a pretrained model.

    python tools/make_structural_depth.py --dataset MM5Dataset \
        --options root=data/mm5 split=train \
        --model fastdepth.onnx --out data/mm5_structural

    python tools/make_structural_depth.py --dataset MS2Dataset --options root=data/ms2 \
        lists=train_list.txt --model models/depth-anything-small --out data/ms2_da

    python tools/make_structural_depth.py --dataset MM5Dataset \
        --options root=data/mm5 split=train --model true-depth --out data/mm5_true

The model is an ONNX file, a local directory of transformers, or true-depth, which
copies the truth as an upper bound for any teacher. ONNX files not known by their hash
need --space and --normalise: MiDaS, DPT and Depth Anything give inverse depth and take
imagenet; metric models give depth. structural.json beside the maps says which model
made them. A second call goes on where the first stopped. Colour images of another view
(MS2, ViViD) are warped with calibration and depth, gaps of the depth filled between
measurements of one surface; what cannot be known is 0.
"""

import argparse
from pathlib import Path

import torch
from mmengine.config import DictAction

from mmext.datasets.depth.structural_maps import SPACES
from mmext.depth_teacher import (
    FILL,
    NORMALISATIONS,
    OnnxFacts,
    OnnxTeacher,
    Teacher,
    TransformersTeacher,
    make_structural_maps,
    make_true_maps,
    open_dataset,
)
from mmext.errors import UserError, exit_with_one_line


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--dataset",
        required=True,
        help="MM5Dataset, MS2Dataset, ViViDDataset or FolderDepthDataset",
    )
    parser.add_argument(
        "--options", nargs="+", action=DictAction, default={}, help="its settings"
    )
    parser.add_argument(
        "--model", required=True, help="file.onnx, a directory, or true-depth"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the maps")
    parser.add_argument("--space", choices=SPACES, help="what the model gives")
    parser.add_argument(
        "--metric", action="store_true", help="the model gives metres (or 1 / metres)"
    )
    parser.add_argument(
        "--normalise",
        choices=NORMALISATIONS,
        help="what an ONNX file takes: RGB / 255 less a mean, by a deviation",
    )
    parser.add_argument(
        "--input-size", nargs=2, type=int, help="height and width, if the file is free"
    )
    parser.add_argument(
        "--fill",
        type=float,
        default=FILL,
        help="pixels from a measurement up to which depth is filled before warping "
        "(%(default)s)",
    )
    parser.add_argument("--batch-size", type=int, default=8, help="images (8)")
    parser.add_argument(
        "--device", default="cuda" if torch.cuda.is_available() else "cpu"
    )
    return parser.parse_args()


def open_teacher(args: argparse.Namespace) -> Teacher:
    """The model that the arguments name."""
    if Path(args.model).is_dir():
        return TransformersTeacher(
            args.model, args.space, args.metric or None, args.device
        )
    facts = None
    if args.space or args.normalise:
        if not (args.space and args.normalise):
            raise UserError("--space and --normalise: expected both or neither")
        facts = OnnxFacts(args.space, args.metric, args.normalise)
    size = tuple(args.input_size) if args.input_size else None
    return OnnxTeacher(args.model, facts, size)


@exit_with_one_line
def main() -> None:
    """Parse the command line and write the maps."""
    args = parse_arguments()
    dataset = open_dataset(args.dataset, args.options)
    if args.model == "true-depth":
        written = make_true_maps(dataset, args.out)
    else:
        teacher = open_teacher(args)
        print(f"{teacher.note.teacher}: {teacher.note.space}")
        written = make_structural_maps(
            dataset, teacher, args.out, args.batch_size, args.fill
        )
    print(f"{args.out}: {written} maps written, {len(dataset) - written} were there")


if __name__ == "__main__":
    main()
