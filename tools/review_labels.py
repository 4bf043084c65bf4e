#!/usr/bin/env python
r"""List labels that look wrong, and apply an annotator's verdicts.

    python tools/review_labels.py work_dirs/trunk/error_bank_epoch_200.npz \
        --store data/train --checkpoint work_dirs/trunk/epoch_200.pth --out review.gpkg
    python tools/review_labels.py --apply review.gpkg --labels fields.gpkg \
        --out corrected.gpkg

Writes review.gpkg (layer candidates, ranked, with an empty verdict to fill in),
review_thumbnails/ and review.html, a contact sheet.
"""

import argparse
from pathlib import Path

import geopandas

from mmext.datasets.tile_store import TileStore
from mmext.engine.checkpoint import load_model
from mmext.errors import UserError, exit_with_one_line
from mmext.fileio import atomic_path
from mmext.geo.label_review import (
    apply_verdicts,
    compare_rankings,
    review,
    target_of,
    write_review,
)
from mmext.structures.error_bank import ErrorBank


@exit_with_one_line
def main() -> None:
    """Parse the command line; review or apply."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("snapshot", type=Path, nargs="?", help="bank with counts")
    parser.add_argument("--store", type=Path, help="its tile store")
    parser.add_argument("--checkpoint", type=Path, help="the final model")
    parser.add_argument("--tolerance", type=int, default=2, help="pixels (2)")
    parser.add_argument(
        "--planted",
        type=Path,
        help="errors that tools/make_scenes.py made, to compare rankings",
    )
    parser.add_argument("--apply", type=Path, help="candidates with verdicts")
    parser.add_argument("--labels", type=Path, help="labels to correct")
    parser.add_argument("--out", type=Path, required=True, help="GeoPackage")
    args = parser.parse_args()
    if args.out.exists():
        raise UserError(f"{args.out}: exists, expected a new file")
    needed = ("apply", "labels") if args.apply else ("snapshot", "store", "checkpoint")
    for name in needed:
        if getattr(args, name) is None:
            flag = name if name == "snapshot" else f"--{name}"
            raise UserError(f"{flag}: not given, expected {' and '.join(needed)}")
    if args.apply:
        _apply(args)
        return
    store = TileStore(args.store)
    table = review(
        ErrorBank.load(args.snapshot),
        store,
        target_of(load_model(args.checkpoint).model),
        args.tolerance,
    )
    write_review(table, store, args.out)
    print(f"{args.out}, {args.out.with_suffix('.html')}: {len(table)} candidates")
    if args.planted:
        result = compare_rankings(table, geopandas.read_file(args.planted))
        print(result.round(3).to_string(index=False))
        with atomic_path(args.out.with_suffix(".csv")) as temporary:
            result.to_csv(temporary, index=False)


def _apply(args: argparse.Namespace) -> None:
    for path in (args.apply, args.labels):
        if not path.is_file():
            raise UserError(f"{path}: no such file")
    candidates = geopandas.read_file(args.apply, layer="candidates")
    corrected = apply_verdicts(candidates, geopandas.read_file(args.labels))
    with atomic_path(args.out) as temporary:
        corrected.to_file(temporary, layer=args.out.stem, driver="GPKG")


if __name__ == "__main__":
    main()
