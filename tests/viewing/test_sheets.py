import json
from pathlib import Path

import pytest

from mmext.errors import UserError
from mmext.viewing.sheets import find_review, find_sheets

from .builders import picture, write_cog, write_map, write_review


def test_a_map_and_its_imagery(tmp_path):
    folder = write_map(tmp_path / "map")
    [sheet] = find_sheets(folder, [])
    assert sheet.name == "sheet" and sheet.image == tmp_path / "sheet.tif"
    assert sheet.probability == folder / "sheet_probability.tif"
    assert sheet.classes == sheet.grid == folder / "sheet_class.tif"
    assert sheet.objects == folder / "sheet.gpkg" and sheet.notes == ()


def test_imagery_that_has_moved(tmp_path):
    folder = write_map(tmp_path / "map")
    moved = tmp_path / "elsewhere" / "sheet.tif"
    moved.parent.mkdir()
    (tmp_path / "sheet.tif").rename(moved)
    [sheet] = find_sheets(folder, [])
    assert sheet.image is None
    assert sheet.notes == (f"no imagery: {tmp_path / 'sheet.tif'} is not here",)
    [sheet] = find_sheets(folder, [moved])
    assert sheet.image == moved and sheet.notes == ()


def test_what_is_missing_is_said(tmp_path):
    folder = write_map(tmp_path / "map")
    (folder / "sheet.json").write_text(json.dumps({"scene": 5}))
    (folder / "sheet_probability.tif").unlink()
    (folder / "sheet.gpkg").write_bytes(b"no database")
    [sheet] = find_sheets(folder, [])
    assert (sheet.image, sheet.probability, sheet.objects) == (None, None, None)
    assert len(sheet.notes) == 3 and "sheet.json" in sheet.notes[0]


def test_objects_over_all_sheets_come_before_a_sheets_own(tmp_path):
    folder = write_map(tmp_path / "map", "a")
    write_map(folder, "b")
    (folder / "a.gpkg").rename(folder / "map.gpkg")
    sheets = find_sheets(folder, [])
    assert [sheet.name for sheet in sheets] == ["a", "b"]
    assert {sheet.objects for sheet in sheets} == {folder / "map.gpkg"}


def test_objects_over_all_sheets_in_another_format_are_said_not_to_be_shown(tmp_path):
    folder = write_map(tmp_path / "map")
    (folder / "map.fgb").touch()
    [sheet] = find_sheets(folder, [])
    assert sheet.objects == folder / "sheet.gpkg"
    assert sheet.notes == ("map.fgb is not shown; objects end at sheets' edges",)


def test_an_image_without_a_map_is_a_sheet(tmp_path):
    folder = write_map(tmp_path / "map")
    other = write_cog(tmp_path / "other.tif", picture())
    [_, sheet] = find_sheets(folder, [other])
    assert (sheet.name, sheet.image, sheet.classes) == ("other", other, None)
    assert sheet.grid == other


def test_unfinished_files_are_no_maps(tmp_path):
    folder = write_map(tmp_path / "map")
    (folder / ".sheet.tmp-host-1_class.tif").touch()
    assert len(find_sheets(folder, [])) == 1


def test_refusals(tmp_path):
    with pytest.raises(UserError, match=r"has no map \(NAME_class.tif\)"):
        find_sheets(tmp_path, [])
    with pytest.raises(UserError, match="two are called a"):
        find_sheets(tmp_path, [Path("x/a.tif"), Path("y/a.tif")])


def test_the_review_in_the_folder(tmp_path):
    folder = write_map(tmp_path / "map")
    assert find_review(folder) is None
    review = write_review(folder / "review.gpkg")
    assert find_review(folder) == review
    write_review(folder / "second.gpkg")
    with pytest.raises(UserError, match=r"reviews review.gpkg, second.gpkg, expected"):
        find_review(folder)
