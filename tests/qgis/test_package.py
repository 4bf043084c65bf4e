"""The ZIP that QGIS installs, and what its modules may need."""

import ast
import configparser
import importlib.util
import io
import sys
import zipfile

import pytest

import mmext

from ..integration.commands import ROOT

PLUGIN = ROOT / "qgis" / "mmext_processing"
#: What needs QGIS; the others are tested without it.
IN_QGIS = {"algorithms", "layer_files", "loading", "parameters", "plugin", "provider"}
MODULES = sorted(PLUGIN.glob("*.py"))


@pytest.fixture(scope="module")
def package():
    spec = importlib.util.spec_from_file_location("package", ROOT / "qgis/package.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.package


def test_the_zip_is_the_same_each_time(package, tmp_path):
    one, other = package(tmp_path / "one"), package(tmp_path / "other")
    assert one.name == f"mmext_processing-{mmext.__version__}.zip"
    assert one.read_bytes() == other.read_bytes()


def test_it_holds_the_plugin_and_no_more(package, tmp_path):
    with zipfile.ZipFile(package(tmp_path)) as archive:
        assert archive.testzip() is None
        names = {*archive.namelist()}
        files = [*PLUGIN.iterdir(), ROOT / "LICENSE"]
        files = {f"mmext_processing/{file.name}": file for file in files}
        files.pop("mmext_processing/__pycache__", None)
        assert names == {*files}
        assert all(archive.read(name) == files[name].read_bytes() for name in names)
        assert {info.filename.partition("/")[0] for info in archive.infolist()} == {
            "mmext_processing"
        }


def test_its_metadata_is_what_qgis_reads():
    about = configparser.ConfigParser()
    about.read_file(io.StringIO((PLUGIN / "metadata.txt").read_text()))
    general = about["general"]
    assert general["version"] == mmext.__version__
    assert general["qgisMinimumVersion"] == "3.22"
    assert general.getboolean("hasProcessingProvider")
    assert (PLUGIN / general["icon"]).is_file()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_modules_keep_to_the_oldest_python_and_to_qgis_alone(path):
    # Python 3.9 is what QGIS 3.22 brings along on Windows.
    tree = ast.parse(path.read_text(), feature_version=(3, 9))
    foreign = {*imports(tree)} - {*sys.stdlib_module_names}
    allowed = {"qgis", "processing"} if path.stem in IN_QGIS else set()
    assert foreign <= allowed


def imports(tree):
    """Packages that a module imports; its own folder's are none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]
