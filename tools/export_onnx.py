#!/usr/bin/env python
"""Export a checkpoint to one ONNX file that maps scenes by itself.

    python tools/export_onnx.py work_dirs/demo/stage2_A100-200/epoch_32.pth \
        --out model.onnx
    python tools/predict_scene.py model.onnx scene.tif --out map --backend onnxruntime

Any batch and any size that is a multiple of the network's pooling grid; compared with
torch on export.
"""

import argparse
from pathlib import Path

from mmext.engine.checkpoint import load_model
from mmext.errors import exit_with_one_line
from mmext.geo.prediction.backends import export_onnx


@exit_with_one_line
def main() -> None:
    """Parse the command line and export."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path, help="work_dirs/…/epoch_N.pth")
    parser.add_argument("--out", type=Path, required=True, help="the .onnx file")
    args = parser.parse_args()
    difference = export_onnx(load_model(args.checkpoint), args.out)
    print(f"{args.out}: differs from torch by at most {difference:.2g}")


if __name__ == "__main__":
    main()
