"""The plugin's modules, a QGIS to run them in, and a small model with all it needs."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
from rasterio.features import shapes
from shapely.geometry import shape

from mmext.datasets.tile_store import TileStore

from ..engine.conftest import tiny
from ..integration.commands import ROOT, run

sys.path.insert(0, str(ROOT / "qgis"))

#: The Python that QGIS brings along; never the one that runs the tests.
QGIS_PYTHON = "/usr/bin/python3"
_LOOK = """
import sys
try:
    from qgis.core import Qgis
except ImportError as error:
    sys.exit(str(error))
print(Qgis.QGIS_VERSION)
"""


@dataclass(frozen=True)
class Job:
    """What a user of the plugin has.

    Attributes:
        program: ``mmext`` as a file that can be run.
        image: A scene of 640 x 480 pixels.
        checkpoint: A network that was trained for 4 epochs.
        bank: Its errors, with counts.
        store: What it was trained on.
        labels: The polygons that this was cut with.
    """

    program: Path
    image: Path
    checkpoint: Path
    bank: Path
    store: Path
    labels: Path


@pytest.fixture(scope="session")
def job(tmp_path_factory, make_store):
    """A small model, trained as a user does."""
    folder = tmp_path_factory.mktemp("job")
    store = make_store(folder / "store", tiles=8, size=32, positive=6)
    options = tiny(store) | {"default_hooks.error_accumulation.counts": True}
    run(
        *(sys.executable, "-m", "mmext", "train", "mmext::stage1_trunk.py"),
        *("--work-dir", folder / "run", "--cfg-options"),
        *(f"{key}={value}" for key, value in options.items()),
    )
    program = folder / "bin" / "mmext"
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\nexec env PYTHONPATH='{ROOT}' OMP_NUM_THREADS=1 "
        f"'{sys.executable}' -m mmext \"$@\"\n"
    )
    program.chmod(0o755)
    return Job(
        program,
        _image(folder / "scene one.tif", TileStore(store)),
        folder / "run" / "epoch_4.pth",
        folder / "run" / "error_bank_epoch_4.npz",
        store,
        _labels(folder / "labels.gpkg", TileStore(store)),
    )


def _image(path, store):
    """Tiles of the store beside and below each other."""
    rng = np.random.default_rng(0)
    rows = [
        np.concatenate([store.images[i] for i in rng.integers(0, 8, 20)], axis=1)
        for _ in range(15)
    ]
    pixels = np.concatenate(rows).transpose(2, 0, 1)
    _, height, width = pixels.shape
    transform = rasterio.Affine(1, 0, 0, 0, -1, height)
    size = dict(count=3, height=height, width=width, dtype="uint8")
    with rasterio.open(
        path, "w", driver="GTiff", crs="EPSG:5186", transform=transform, **size
    ) as raster:
        raster.write(pixels)
    return path


def _labels(path, store):
    """The masks of the store as polygons, with a field and one of another crop."""
    mask = np.concatenate(list(store.masks), axis=1)
    transform = rasterio.Affine(1, 0, 0, 0, -1, mask.shape[0])
    found = [shape(s) for s, value in shapes(mask, transform=transform) if value == 1]
    apart = found[0].buffer(0).envelope
    other = shape(
        {"type": "Polygon", "coordinates": [[(0, 40), (9, 40), (9, 49), (0, 40)]]}
    )
    assert not apart.intersects(other)
    crop = ["ginseng"] * len(found) + ["rice"]
    table = geopandas.GeoDataFrame({"crop": crop}, geometry=[*found, other], crs=5186)
    table.to_file(path, layer="fields")
    return path


class Qgis:
    """QGIS with the plugin from its ZIP, in a profile of its own.

    Args:
        folder: Where the profile goes.
    """

    def __init__(self, folder):
        plugins = folder / "profile/profiles/default/python/plugins"
        run(sys.executable, "-c", _PACK, folder)
        [archive] = folder.glob("*.zip")
        shutil.unpack_archive(archive, plugins)
        self.plugins = plugins
        self.environment = {
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "QT_QPA_PLATFORM": "offscreen",
            "QGIS_CUSTOM_CONFIG_PATH": str(folder / "profile"),
        }
        folder.chmod(0o700)

    def process(self, *arguments, ok=True, **environment):
        """Run ``qgis_process``; what it says, both streams."""
        return self._run(_qgis_process(), arguments, ok, environment)

    def script(self, *arguments, ok=True, **environment):
        """Run ``in_qgis.py`` with QGIS's Python; the JSON of its last line."""
        script = Path(__file__).with_name("in_qgis.py")
        command = [QGIS_PYTHON, script, self.plugins]
        said = self._run(command, arguments, ok, environment)
        return json.loads(said.splitlines()[-1])

    def _run(self, command, arguments, ok, environment):
        result = subprocess.run(
            [str(part) for part in (*command, *arguments)],
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert (result.returncode == 0) == ok, result.stdout
        return result.stdout


_PACK = """
import sys
from pathlib import Path
sys.path.insert(0, "qgis")
from package import package
package(Path(sys.argv[1]))
"""


def _qgis_process():
    """The program; Debian's script around it passes on an option that it refuses."""
    found = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
    return [found] if found else None


@pytest.fixture(scope="session")
def qgis(tmp_path_factory):
    """QGIS, or a skip that says what is missing."""
    if not _qgis_process() or not Path(QGIS_PYTHON).exists():
        pytest.skip("no QGIS here (Debian: apt install qgis python3-qgis)")
    looked = subprocess.run(
        [QGIS_PYTHON, "-c", _LOOK],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    if looked.returncode:
        pytest.skip(f"{QGIS_PYTHON} has no QGIS: {looked.stderr.strip()}")
    found = Qgis(tmp_path_factory.mktemp("qgis"))
    found.process("plugins", "enable", "mmext_processing")
    return found
