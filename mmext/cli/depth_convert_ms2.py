"""``mmext depth convert-ms2``."""

from typing import Annotated

from pydantic import Field

from mmext.cli.arguments import ExistingFile


def convert(
    calibrations: Annotated[list[ExistingFile], Field(min_length=1)], /
) -> None:
    """Convert MS2's pickled calib.npy into calibration.json beside it, once.

    A pickle can run code when it is read, so nothing else in mmext reads these files.
    This builds arrays only and refuses a file that calls anything more.

        mmext depth convert-ms2 data/ms2/sync_data/*/calib.npy

    Args:
        calibrations: Files calib.npy of MS2.
    """
    from mmext.datasets.depth.ms2_calibration import convert_calibration

    for path in calibrations:
        print(f"{convert_calibration(path)}: written")
