"""Which program runs, in what environment."""

import pytest
from mmext_processing.failure import Failure
from mmext_processing.program import child_environment, find_program


@pytest.fixture
def programs(tmp_path):
    """Three of them, in folders of their own."""
    found = {}
    for name in ("set", "variable", "path"):
        path = tmp_path / name / "mmext"
        path.parent.mkdir()
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
        found[name] = str(path)
    return found


def test_the_setting_comes_first_then_the_variable_then_path(programs, tmp_path):
    path = {"PATH": str(tmp_path / "path")}
    variable = {"MMEXT_PROGRAM": programs["variable"], **path}
    assert find_program(programs["set"], variable) == programs["set"]
    for nothing in (None, ""):
        assert find_program(nothing, variable) == programs["variable"]
        assert find_program(nothing, path) == programs["path"]


def test_what_is_set_is_not_passed_over(programs, tmp_path):
    path = {"PATH": str(tmp_path / "path")}
    gone = str(tmp_path / "gone")
    with pytest.raises(Failure) as caught:
        find_program(gone, path)
    assert str(caught.value) == (
        f"{gone}: no program, expected that of mmext in Settings > Options > "
        "Processing > Providers > mmext"
    )
    with pytest.raises(Failure, match=r"gone: no program, .* in MMEXT_PROGRAM$"):
        find_program("", {"MMEXT_PROGRAM": gone, **path})
    with pytest.raises(Failure, match="set: no program"):
        find_program(str(tmp_path / "set"), path)  # a folder


def test_none_at_all_is_one_line(tmp_path):
    with pytest.raises(Failure) as caught:
        find_program("", {"PATH": str(tmp_path)})
    assert str(caught.value) == (
        "mmext: not found on PATH, expected there, in Settings > Options > Processing "
        "> Providers > mmext or in MMEXT_PROGRAM"
    )


def test_what_qgis_sets_for_itself_stays_with_it():
    of_qgis = [
        *("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__"),
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FRAMEWORK_PATH"),
        *("GDAL_DATA", "GDAL_DRIVER_PATH", "PROJ_LIB", "PROJ_DATA", "GEOTIFF_CSV"),
        *("QT_PLUGIN_PATH", "QGIS_PREFIX_PATH", "COLUMNS"),
    ]
    of_user = ["PATH", "HOME", "CUDA_VISIBLE_DEVICES", "AWS_PROFILE", "GDAL_CACHEMAX"]
    found = child_environment(dict.fromkeys(of_qgis + of_user, "x"))
    added = {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
    assert found == {**dict.fromkeys(of_user, "x"), **added}
