"""Which mmext runs, and in what environment."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from .failure import Failure

#: The environment variable that names the program, and the setting in QGIS.
VARIABLE = "MMEXT_PROGRAM"
_WHERE = "Settings > Options > Processing > Providers > mmext"
#: What QGIS sets for its own Python, Qt, GDAL and PROJ, and no other may take for its.
_OF_QGIS = (
    "PYTHON",
    "__PYVENV",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "DYLD_",
    "GDAL_DATA",
    "GDAL_DRIVER_PATH",
    "GDAL_PYTHON_DRIVER_PATH",
    "GEOTIFF_CSV",
    "PROJ_",
    "QT_",
    "QGIS_",
    # Of a terminal that QGIS was started in: bars would be cut off there.
    "COLUMNS",
)


def find_program(setting: str | None, environment: Mapping[str, str]) -> str:
    """The path of mmext.

    Args:
        setting: What is set in QGIS; it comes first, then the variable, then PATH.
        environment: Of QGIS.

    Raises:
        Failure: It is not there. What is set is never passed over for another.
    """
    search = environment.get("PATH")
    for named, where in ((setting, _WHERE), (environment.get(VARIABLE), VARIABLE)):
        if named:
            found = shutil.which(named, path=search)
            if not found:
                raise Failure(f"{named}: no program, expected that of mmext in {where}")
            return found
    found = shutil.which("mmext", path=search)
    if not found:
        raise Failure(
            f"mmext: not found on PATH, expected there, in {_WHERE} or in {VARIABLE}"
        )
    return found


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """QGIS's environment without what is its own.

    Args:
        environment: Of QGIS.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(_OF_QGIS)
    }
    # Lines come as they are printed, in UTF-8 whatever the machine's language.
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
