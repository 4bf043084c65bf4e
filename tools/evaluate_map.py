#!/usr/bin/env python
"""Compare a map with the true fields, by pixel, by field and by area.

    python tools/evaluate_map.py --map out/scene_classes.tif --truth fields.geojson \
        --out work_dirs/evaluation
    python tools/evaluate_map.py --map fields.gpkg --truth truth.gpkg \
        --where "crop = 'ginseng'" --area scene.tif --out work_dirs/evaluation

A map of polygons doesn't say where it ends: without --area all of the truth counts.

Writes pixels.csv (of polygons: in pixels of 0.1 m), fields.csv and fields.gpkg with the
layers hits, misses and false_alarms, each with the channel it comes from.
"""

import argparse
from pathlib import Path

from mmext.errors import exit_with_one_line
from mmext.geo.map_evaluation import VECTOR_SUFFIXES, evaluate_map


@exit_with_one_line
def main() -> None:
    """Parse the command line, evaluate and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--map", type=Path, required=True, help="classes or polygons")
    parser.add_argument("--truth", type=Path, required=True, help="polygons")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--where", help="attribute filter on the truth, in SQL")
    parser.add_argument(
        "--min-cover", type=float, default=0.5, help="share of a field (0.5)"
    )
    parser.add_argument(
        "--area",
        type=Path,
        help="polygons of what to evaluate, or a raster: its extent",
    )
    args = parser.parse_args()
    result = evaluate_map(args.map, args.truth, args.where, args.min_cover, args.area)
    result.write(args.out)
    for channel, counts in result.pixels.items():
        print(f"{channel}: IoU {counts.iou:.4f}, FN/TP {counts.fn_tp:.4f}")
    objects = result.objects
    print(f"fields: {objects.found_objects} of {objects.true_objects} found")
    print(f"mapped: {objects.correct_objects} of {objects.predicted_objects} correct")
    if args.area is None and args.map.suffix.lower() in VECTOR_SUFFIXES:
        print(f"all of {args.truth} counts: no --area, and polygons have no extent")
    print(f"area error: {result.area_error:+.0f} m²")


if __name__ == "__main__":
    main()
