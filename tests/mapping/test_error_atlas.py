import sqlite3
from xml.etree import ElementTree

import geopandas
import numpy as np
import pandas as pd
import pytest
import rasterio
from shapely.geometry import box

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.mapping.error_atlas import write_atlas
from mmext.structures import ErrorBank, save_bank
from tests.source_description import source_description
from tests.store_writer import StoreWriter

CRS = rasterio.CRS.from_epsg(32637).to_wkt()


def make_store(folder, mask, tile=16):
    height, width = mask.shape
    rows, columns = range(0, height, tile), range(0, width, tile)
    writer = StoreWriter(folder, tile, 3, np.uint8)
    padded = np.full((len(rows) * tile, len(columns) * tile), 255, np.uint8)
    padded[:height, :width] = mask
    for row in rows:
        for column in columns:
            part = padded[row : row + tile, column : column + tile]
            image = np.repeat(part[..., None] * 100, 3, axis=2)
            footprint = box(
                500000 + column,
                4000000 - row - tile,
                500000 + column + tile,
                4000000 - row,
            )
            writer.add(image, part, "s", row, column, footprint)
    transform = [1, 0, 500000, 0, -1, 4000000]
    scene = dict(path="s.tif", height=height, width=width, transform=transform)
    writer.finish(source_description(3, tile, {"s": scene}), CRS)
    return TileStore(folder)


def make_bank(path, store, predictions, counts=True):
    bank = ErrorBank(len(store), (16, 16), store.fingerprint, counts)
    for epoch, prediction in predictions:
        padded = np.zeros((32, 48), bool)
        padded[: prediction.shape[0], : prediction.shape[1]] = prediction
        parts = padded.reshape(2, 16, 3, 16).swapaxes(1, 2).reshape(6, 16, 16)
        bank.update(np.arange(6), parts, np.array(store.masks), epoch)
        bank.passes += 1
    save_bank(bank, path, begin=0, epoch=4, threshold=0.5, valid_pixels=30 * 40)
    return path


@pytest.fixture
def store(tmp_path):
    mask = np.zeros((30, 40), np.uint8)
    mask[2:8, 2:8] = 1
    return make_store(tmp_path / "store", mask)


@pytest.fixture
def predictions():
    often, once = np.zeros((2, 30, 40), bool)
    often[2:8, 2:8] = True
    often[12:20, 12:20] = True  # over four tiles
    once[25:28, 30:35] = True
    return [(1, often), (2, often), (4, once)]


def test_counts_and_ranking(tmp_path, store, predictions):
    snapshot = make_bank(tmp_path / "b.npz", store, predictions)
    raster_path, table_path = write_atlas(snapshot, store.path, tmp_path / "out")
    with rasterio.open(raster_path) as raster:
        assert raster.shape == (30, 40)
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        layers = dict(zip(raster.descriptions, raster.read(), strict=True))
    assert set(layers["fp_count"][12:20, 12:20].ravel()) == {2}
    assert set(layers["fn_count"][2:8, 2:8].ravel()) == {1}
    assert layers["first_epoch"][15, 15] == 1
    assert layers["last_epoch"][15, 15] == 2
    assert layers["last_epoch"][26, 31] == 4
    assert layers["fn_count"].sum() == 36
    table = geopandas.read_file(table_path, layer="errors")
    assert table["kind"].tolist() == ["fp", "fn", "fp"]
    expected = np.array([64 * 2, 36, 15]) / 3
    np.testing.assert_allclose(table["score"], expected / 0.9996**2, rtol=1e-3)
    assert table.geometry.area.tolist() == [64, 36, 15]
    with sqlite3.connect(table_path) as base:
        names = base.execute("SELECT f_table_name FROM layer_styles").fetchall()
    assert names == [("errors",)]


def test_strips_do_not_matter(tmp_path, store, predictions, monkeypatch):
    snapshot = make_bank(tmp_path / "b.npz", store, predictions)
    whole = write_atlas(snapshot, store.path, tmp_path / "whole")
    monkeypatch.setattr("mmext.mapping.error_atlas._STRIP_PIXELS", 150)
    strips = write_atlas(snapshot, store.path, tmp_path / "strips")
    with rasterio.open(whole[0]) as first, rasterio.open(strips[0]) as second:
        np.testing.assert_array_equal(first.read(), second.read())
    first, second = (geopandas.read_file(p[1], layer="errors") for p in (whole, strips))
    values = ["kind", "times_wrong", "first_epoch", "last_epoch", "score"]
    pd.testing.assert_frame_equal(first[values], second[values])
    assert first.geometry.geom_equals(second.geometry).all()
    assert not list((tmp_path / "strips").glob(".*"))


def test_styles(tmp_path, store, predictions):
    snapshot = make_bank(tmp_path / "b.npz", store, predictions)
    raster_path, table_path = write_atlas(snapshot, store.path, tmp_path / "out")
    raster_style = ElementTree.parse(raster_path.with_suffix(".qml"))
    renderer = raster_style.find("pipe/rasterrenderer")
    assert (renderer.get("redBand"), renderer.get("blueBand")) == ("1", "2")
    # The brightest red is the highest count.
    assert renderer.findtext("redContrastEnhancement/maxValue") == "2"
    with sqlite3.connect(table_path) as base:
        (qml,) = base.execute("SELECT styleQML FROM layer_styles").fetchone()
    style = ElementTree.fromstring(qml.split(">", 1)[1])
    ranges = style.findall("renderer-v2/ranges/range")
    assert [r.get("lower") for r in ranges][1:] == [r.get("upper") for r in ranges][:-1]
    assert ranges[-1].get("upper") == "1.0"


def test_without_counts_says_where_only(tmp_path, store, predictions, capsys):
    snapshot = make_bank(tmp_path / "b.npz", store, predictions, counts=False)
    raster_path, table_path = write_atlas(snapshot, store.path, tmp_path / "out")
    said = f"{snapshot}: has no counts, the atlas shows only where\n"
    assert capsys.readouterr().out == said
    with rasterio.open(raster_path) as raster:
        assert raster.descriptions == ("fn_ever", "fp_ever")
        assert raster.read(2).sum() == 64 + 15
    table = geopandas.read_file(table_path, layer="errors")
    assert "first_epoch" not in table and len(table) == 3


def test_never_wrong(tmp_path, store):
    snapshot = make_bank(tmp_path / "b.npz", store, [])
    _, table_path = write_atlas(snapshot, store.path, tmp_path / "out")
    assert len(geopandas.read_file(table_path, layer="errors")) == 0


def test_another_store_is_refused(tmp_path, store):
    save_bank(
        ErrorBank(6, (16, 16), "other"),
        tmp_path / "b.npz",
        epoch=1,
        valid_pixels=1,
        begin=0,
        threshold=0.5,
    )
    with pytest.raises(UserError, match="tile store other, expected one made on"):
        write_atlas(tmp_path / "b.npz", store.path, tmp_path / "out")
