"""Packs the plugin as a ZIP that QGIS installs; the same files give the same bytes."""

import configparser
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLUGIN = ROOT / "qgis" / "mmext_processing"
#: What else QGIS reads beside modules.
_KINDS = (".py", ".txt", ".svg")


def package(folder: Path) -> Path:
    """Write ``mmext_processing-VERSION.zip``.

    Args:
        folder: Where to; it is made if it is not there.

    Returns:
        The file.
    """
    about = configparser.ConfigParser()
    about.read(PLUGIN / "metadata.txt", encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{PLUGIN.name}-{about['general']['version']}.zip"
    files = sorted(file for file in PLUGIN.iterdir() if file.suffix in _KINDS)
    with zipfile.ZipFile(path, "w") as archive:
        for file in [*files, ROOT / "LICENSE"]:
            # Without times, owners and compression, which differ between machines.
            entry = zipfile.ZipInfo(f"{PLUGIN.name}/{file.name}")
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, file.read_bytes())
    return path


if __name__ == "__main__":
    print(package(ROOT / "dist"))
