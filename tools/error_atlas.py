#!/usr/bin/env python
"""Show where a model kept being wrong: rasters and ranked polygons for QGIS.

    python tools/error_atlas.py work_dirs/stage1_trunk/error_bank_epoch_200.npz \
        --store data/train --out work_dirs/atlas

Writes SCENE_errors.tif per scene and error_atlas.gpkg. A snapshot without counts
gives only where, not how often and when.
"""

import argparse
from pathlib import Path

from mmext.errors import exit_with_one_line
from mmext.geo.error_atlas import write_atlas
from mmext.structures.error_bank import ErrorBank


@exit_with_one_line
def main() -> None:
    """Parse the command line and write the atlas."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("snapshot", type=Path, help="error_bank_epoch_N.npz")
    parser.add_argument("--store", type=Path, required=True, help="its tile store")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    args = parser.parse_args()
    if not ErrorBank.load(args.snapshot).has_counts:
        print(f"{args.snapshot}: has no counts, the atlas shows only where")
    for path in write_atlas(args.snapshot, args.store, args.out):
        print(path)


if __name__ == "__main__":
    main()
