import pytest
import rasterio

from mmext.errors import UserError
from mmext.viewing import MapView
from mmext.viewing.sheets import find_sheets

from .builders import CORNER, picture, place, write_cog, write_map, write_review


def view_of(folder, tmp_path, images=(), review=None):
    return MapView(find_sheets(folder, list(images)), review, tmp_path)


def test_what_a_sheet_is_made_of(tmp_path):
    view = view_of(write_map(tmp_path / "map"), tmp_path)
    sheet = view.sheet(0)
    assert sheet["bounds"] == (5e5, 4e6 - 128, 5e5 + 128, 4e6)
    assert sheet["probability"]["channels"] == ["target", "error"]
    assert sheet["probability"]["scale"] == pytest.approx(1 / 250)
    assert sheet["image"]["bands"] == [1, 2, 3] and sheet["objects"]
    assert sheet["notes"] == []
    about = view.about()
    assert about["sheets"] == ["sheet"] and about["review"] is None
    assert [entry["name"] for entry in about["classes"]] == [
        "target",
        "error",
        "both",
        "grown",
    ]
    with pytest.raises(UserError, match="sheet 1: expected 0 to 0"):
        view.sheet(1)
    with pytest.raises(UserError, match="expected --review"):
        view.candidates()


def test_rasters_are_those_of_the_sheet_and_no_others(tmp_path):
    folder = write_map(tmp_path / "map")
    view = view_of(folder, tmp_path)
    assert view.raster(0, "image") == tmp_path / "sheet.tif"
    assert view.raster(0, "classes") == folder / "sheet_class.tif"
    for part in ("grid", "name", "..", "sheet.gpkg", "/etc/passwd"):
        with pytest.raises(UserError, match="has no"):
            view.raster(0, part)


def test_imagery_that_a_page_can_not_read_is_copied_once(tmp_path, capsys):
    image = write_cog(tmp_path / "sheet.png", picture(), driver="PNG")
    view = view_of(write_map(tmp_path / "map", image=image), tmp_path)
    [note] = view.sheet(0)["notes"]
    assert note == "imagery: a copy is shown, since it is PNG"
    copy = view.raster(0, "image")
    assert copy == tmp_path / "0.tif" and rasterio.open(copy).count == 4
    assert view.sheet(0)["notes"] == [note]
    assert capsys.readouterr().out.count("a copy is shown") == 1


def test_damaged_imagery_leaves_the_rest_to_be_seen(tmp_path):
    folder = write_map(tmp_path / "map")
    (tmp_path / "sheet.tif").write_bytes(b"no raster")
    sheet = view_of(folder, tmp_path).sheet(0)
    assert "image" not in sheet and "classes" in sheet
    assert len(sheet["notes"]) == 1 and "no imagery" in sheet["notes"][0]


def test_candidates_know_their_sheet(tmp_path):
    folder = write_map(tmp_path / "map", "sheet")
    # The same ground under another name: candidates stay with the sheet they name.
    write_map(folder, "another")
    review = write_review(tmp_path / "review.gpkg", crs="EPSG:4326")
    view = view_of(folder, tmp_path, review=review)
    found = view.candidates()
    assert [record["sheet"] for record in found] == [1, 1, None]
    assert found[0]["bounds"] == pytest.approx(place(40, 40).bounds, abs=1e-6)
    assert found[2]["bounds"] is None


def test_candidates_of_scenes_by_other_names_go_by_their_place(tmp_path):
    far = (CORNER[0] + 2000 - 20, CORNER[1] - 2000 + 20)
    folder = write_map(tmp_path / "map", "sheet")
    write_map(folder, "far", corner=far)
    scenes = ("train", "sheet", "train")
    review = write_review(tmp_path / "review.gpkg", scenes)
    found = view_of(folder, tmp_path, review=review).candidates()
    assert [record["sheet"] for record in found] == [1, 1, 0]


def test_a_sheet_that_can_not_be_placed_has_no_candidates(tmp_path):
    folder = write_map(tmp_path / "map")
    turned = rasterio.Affine.translation(5e5, 4e6) @ rasterio.Affine.rotation(10)
    image = write_cog(
        tmp_path / "turned.tif", picture(), transform=turned, driver="GTiff"
    )
    review = write_review(tmp_path / "review.gpkg")
    view = view_of(folder, tmp_path, [image], review)
    assert [record["sheet"] for record in view.candidates()] == [0, 0, None]
    with pytest.raises(UserError, match="is turned"):
        view.sheet(1)
