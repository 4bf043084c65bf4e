from dataclasses import dataclass, replace

import numpy as np
import pytest
import rasterio

from mmext.datasets.tile_store import TileStore
from mmext.raster.display import Display
from mmext.reporting.html_page import HtmlPage
from mmext.reporting.report_writer import ReportWriter
from mmext.reporting.segmentation.changes import Changes, cut_out, draw_close_ups
from mmext.reporting.segmentation.maps import draw_scene, nice_length
from mmext.reporting.segmentation.notable_objects import (
    FOUND,
    LOST,
    MOSTLY_FALSE,
    WHOLLY_FALSE,
    largest,
    notable_objects,
)
from mmext.reporting.segmentation.scene_layers import Georeference, SceneLayers


@pytest.fixture
def scene(make_store, tmp_path):
    shape = (40, 120)
    truth, codes = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    stage1 = np.zeros(shape, bool)
    truth[2:8, 2:12] = 1  # not found by stage 1, half by stage 2
    codes[2:5, 2:12] = 2
    truth[2:8, 20:26] = 1  # found by stage 1, lost by stage 2
    stage1[2:8, 20:26] = True
    truth[2:8, 30:36] = 1  # found by both
    stage1[2:8, 30:36], codes[2:8, 30:36] = True, 3
    codes[20:24, 50:60] = 2  # a false positive of 40 pixels
    codes[30:32, 50:53] = 1  # and one of 6
    truth[20:22, 80:84] = 1  # 8 true pixels below 24: found, and mostly false
    codes[20:24, 80:86] = 1
    truth[30:40, 100:110] = 255
    codes[30:40, 100:110] = 2  # ignored, no false positive
    # Objects lie in one tile each, but for one that crosses two of them.
    truth[12:16, 36:46], stage1[12:16, 36:46] = 1, True
    store = TileStore(make_store(tmp_path / "store", tiles=3, size=40))
    store.__dict__["masks"] = in_tiles(truth)  # a cached property
    transform = rasterio.Affine(0.5, 0, 1000, 0, -0.5, 2000)
    grid = Georeference(transform, 0.5, "EPSG:5186")
    display = Display(store)
    answers = Answers(in_tiles(stage1)), Answers(in_tiles(codes))
    return SceneLayers("scene", store.tiles, store, *answers, grid, display)


def in_tiles(layer):
    return np.stack(np.split(layer, 3, axis=1))


@dataclass(frozen=True)
class Answers:
    """In the place of a dump, one layer of three tiles."""

    layer: np.ndarray

    def mask(self, tile):
        return self.layer[tile]

    codes = mask


def test_what_changed_object_by_object(scene):
    objects = notable_objects(scene)
    sizes = {
        kind: [one.pixels for one in largest(objects, kind)]
        for kind in (FOUND, LOST, WHOLLY_FALSE, MOSTLY_FALSE)
    }
    assert sizes == {
        FOUND: [60, 8],
        LOST: [40, 36],
        WHOLLY_FALSE: [40, 6],
        MOSTLY_FALSE: [24],
    }


def test_size_and_place(scene):
    first, _ = largest(notable_objects(scene), WHOLLY_FALSE)
    assert first.area_m2 == 10 and first.box == (20, 50, 4, 10)
    # The middle of rows 20 to 23 and columns 50 to 59, half a metre each.
    assert first.place == (1000 + 55 * 0.5, 2000 - 22 * 0.5)
    row = first.as_row(1)
    assert (row["x"], row["y"], row["area_m2"]) == (1027.5, 1989, 10)


def test_places_in_degrees_are_listed_as_finely_as_in_metres(scene):
    transform = rasterio.Affine(1e-5, 0, 127, 0, -1e-5, 37)  # a metre
    degrees = replace(scene, grid=Georeference(transform, 0.5, "EPSG:4326"))
    changes, page = Changes(), HtmlPage("", "")
    changes.look_at(degrees)
    changes.add_to(ReportWriter(page, scene.store.path.parent / "report"))
    # The middle of rows 20 to 23 and columns 50 to 59, as coordinates and as degrees.
    for value in ("127.00055", "36.99978"):
        assert page.render().count(f"<td>{value}</td>") == 2


def test_without_a_crs_places_are_pixels(scene):
    bare = replace(scene, grid=Georeference(None, None, None))
    row = largest(notable_objects(bare), WHOLLY_FALSE)[0].as_row(1)
    assert (row["x"], row["y"], row["area_m2"]) == (55, 22, None)
    assert draw_scene(bare).axes


def test_a_scene_of_one_stage_is_drawn(scene):
    assert draw_scene(replace(scene, stage2=None)).axes


def test_what_has_grown_is_in_the_legend_where_there_is_any(scene):
    def labels(codes):
        [legend] = draw_scene(replace(scene, stage2=Answers(codes))).legends
        return [text.get_text() for text in legend.get_texts()]

    grown = scene.stage2.layer.copy()
    grown[0, 0, 0] = 4
    channels = ["target channel", "error channel only", "both"]
    assert labels(scene.stage2.layer) == [*channels, "no data"]
    assert labels(grown) == [*channels, "grown", "no data"]


def test_a_close_up_holds_its_object(scene):
    _, lost = largest(notable_objects(scene), LOST)
    near = cut_out(scene, lost)
    # Rows are all there are; columns reach as far as a close-up does.
    assert near.truth.shape == (40, 96) and near.image.shape == (40, 96, 3)
    assert near.stage1.sum() == np.hstack(scene.stage1.layer)[:, :96].sum()
    assert len(draw_close_ups([near, near]).axes) == 8


@pytest.mark.parametrize(
    ("most", "expected"), [(1, 1), (4.9, 2), (99, 50), (100, 100), (0.03, 0.02)]
)
def test_a_scale_bar_has_a_round_length(most, expected):
    assert nice_length(most) == pytest.approx(expected)
