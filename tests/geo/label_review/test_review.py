import sqlite3

import geopandas
import numpy as np
import pytest
from shapely.geometry import box

from mmext.datasets.tile_store import TileStore
from mmext.datasets.tile_store_writer import TileStoreWriter
from mmext.errors import UserError
from mmext.geo.label_review.review import review, write_candidates
from mmext.structures.error_bank import ErrorBank


def _store(folder):
    writer = TileStoreWriter(folder, 2, 16, 1, np.uint8)
    image = np.zeros((16, 32, 1), np.uint8)
    image[4:10, 12:20] = 200  # an unlabelled field over the tile border
    for column in (0, 16):
        part = image[:, column : column + 16]
        mask, place = np.zeros((16, 16), np.uint8), box(column, -16, column + 16, 0)
        writer.add(part, mask, "s", 0, column, place)
    scene = dict(path="s", height=16, width=32, transform=[1, 0, 5e5, 0, -1, 4e6])
    writer.finish(dict(scenes={"s": scene}), "EPSG:32637")
    return TileStore(folder)


def _bank(store, path, counts=True):
    bank = ErrorBank(2, (16, 16), store.fingerprint, counts)
    images = np.array(store.images)[..., 0]
    for epoch in (1, 2):
        bank.update(np.arange(2), images > 0, np.array(store.masks), epoch)
        bank.passes += 1
    bank.save(path, begin=0, epoch=2, threshold=0.5, valid_pixels=512)
    return ErrorBank.load(path)


def test_a_field_over_two_tiles_is_one_candidate(tmp_path):
    store = _store(tmp_path / "store")
    bank = _bank(store, tmp_path / "b.npz")
    table = review(bank, store, lambda image: (image[:, 0] > 0).float())
    assert table["kind"].tolist() == ["missing"]
    assert table.geometry.area.tolist() == [48]
    assert table["score"].tolist() == [1]
    write_candidates(table, tmp_path / "review.gpkg")
    read = geopandas.read_file(tmp_path / "review.gpkg", layer="candidates")
    assert read["verdict"].tolist() in ([""], [None])
    with sqlite3.connect(tmp_path / "review.gpkg") as base:
        (qml,) = base.execute("SELECT styleQML FROM layer_styles").fetchone()
    assert "ValueMap" in qml and "unsure" in qml


def test_a_bank_without_counts_is_refused(tmp_path):
    store = _store(tmp_path / "store")
    bank = _bank(store, tmp_path / "b.npz", counts=False)
    with pytest.raises(UserError, match="no counts"):
        review(bank, store, lambda image: image[:, 0])
