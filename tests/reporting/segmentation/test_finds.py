import numpy as np
import pytest

from mmext.datasets.tile_store import TileStore
from mmext.reporting.segmentation.finds import (
    FALSE,
    FOUND,
    HEADINGS,
    LOST,
    OVERSHOOT,
    find_differences,
    rank_finds,
)
from mmext.reporting.segmentation.scene_layers import Grid, SceneLayers
from mmext.reporting.segmentation.scene_maps import draw_scene, nice_length
from mmext.reporting.segmentation.zooms import cut_zoom, draw_zooms


@pytest.fixture
def scene(make_store, tmp_path):
    shape = (40, 120)
    truth, codes = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    stage1 = np.zeros(shape, bool)
    truth[2:8, 2:12] = 1  # missed by stage 1, half found by stage 2
    codes[2:5, 2:12] = 2
    truth[2:8, 20:26] = 1  # found by stage 1, lost by stage 2
    stage1[2:8, 20:26] = True
    truth[2:8, 30:36] = 1  # found by both
    stage1[2:8, 30:36], codes[2:8, 30:36] = True, 3
    codes[20:24, 50:60] = 2  # a false alarm of 40 pixels
    codes[30:32, 50:53] = 1  # and one of 6
    truth[20:22, 80:84] = 1  # 8 true pixels below 24: found, and mostly false
    codes[20:24, 80:86] = 1
    truth[30:40, 100:110] = 255
    codes[30:40, 100:110] = 2  # ignored, no alarm
    store = TileStore(make_store(tmp_path / "store", tiles=3, size=40))
    grid = Grid((1000.0, 2000.0), (0.5, 0.5), 0.5, "EPSG:5186")
    return SceneLayers("scene", truth, stage1, codes, grid, store, (0, 0))


def test_what_changed_field_by_field(scene):
    finds = find_differences(scene)
    sizes = {
        kind: [find.pixels for find in rank_finds(finds, kind)]
        for kind in (FOUND, LOST, FALSE, OVERSHOOT)
    }
    assert sizes == {FOUND: [60, 8], LOST: [36], FALSE: [40, 6], OVERSHOOT: [24]}


def test_size_and_place(scene):
    largest, _ = rank_finds(find_differences(scene), FALSE)
    assert largest.area_m2 == 10 and largest.box == (20, 50, 4, 10)
    # The middle of rows 20 to 23 and columns 50 to 59, half a metre each.
    assert largest.place == (1000 + 55 * 0.5, 2000 - 22 * 0.5)
    row = largest.as_row(1)
    assert set(row) == set(HEADINGS) and row["x"] == 1027.5


def test_without_a_crs_places_are_pixels(scene):
    bare = SceneLayers(
        *("scene", scene.truth, scene.stage1, scene.codes),
        *(Grid(None, (1.0, 1.0), None, None), scene.store, (0, 0)),
    )
    row = rank_finds(find_differences(bare), FALSE)[0].as_row(1)
    assert (row["x"], row["y"], row["area_m2"]) == (55, 22, None)
    assert draw_scene(bare).axes


def test_one_stage_alone_changes_nothing(scene):
    alone = SceneLayers(
        "scene", scene.truth, scene.stage1, None, scene.grid, scene.store, (0, 0)
    )
    assert find_differences(alone) == []
    assert draw_scene(alone).axes


def test_a_zoom_holds_its_find(scene):
    [find] = rank_finds(find_differences(scene), LOST)
    zoom = cut_zoom(scene, find)
    # Rows are all there are; columns reach as far as a zoom does.
    assert zoom.truth.shape == (40, 96) and zoom.image.shape == (40, 96, 3)
    assert zoom.stage1.sum() == scene.stage1[:, :96].sum()
    assert len(draw_zooms([zoom, zoom]).axes) == 8


@pytest.mark.parametrize(
    ("most", "expected"), [(1, 1), (4.9, 2), (99, 50), (100, 100), (0.03, 0.02)]
)
def test_a_scale_bar_has_a_round_length(most, expected):
    assert nice_length(most) == pytest.approx(expected)
