#!/usr/bin/env python
r"""Train and compare many configs with several seeds on one tile store.

    python tools/study.py configs/studies/dead_trees.py \
        --out work_dirs/studies/dead_trees --jobs 2

Finished trainings are skipped and begun ones go on, so a killed study is called again.
Several studies of one store may share OUT, and with it their trainings.
OUT/results/STUDY holds study.html, figures and tables.
"""

import argparse
from pathlib import Path

from mmext.errors import exit_with_one_line
from mmext.study.run_study import results_folder, run_study
from mmext.study.study_file import read_study


@exit_with_one_line
def main() -> None:
    """Parse the command line and run the study."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path, help="the study's file")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument(
        "--jobs", type=int, default=1, help="trainings at once (%(default)s)"
    )
    parser.add_argument(
        "--no-train", action="store_true", help="only score what is trained"
    )
    args = parser.parse_args()
    study = read_study(args.study)
    run_study(study, args.out, args.jobs, not args.no_train)
    print(f"{results_folder(study, args.out) / 'study.html'}: written")


if __name__ == "__main__":
    main()
