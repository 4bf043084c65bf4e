import sqlite3
from xml.etree import ElementTree

import geopandas
import numpy as np
import pytest
import torch
from PIL import Image
from shapely.geometry import box

from mmext.datasets.tile_store import TileStore
from mmext.datasets.tile_store_writer import TileStoreWriter
from mmext.errors import UserError
from mmext.geo.label_review import review, target_of, write_review
from mmext.geo.label_review.kinds import COLOURS
from mmext.models.decoders.union_decoder import UnionDecoder
from mmext.structures.error_bank import ErrorBank

from ...source_description import source_description


def _store(folder):
    writer = TileStoreWriter(folder, 2, 16, 1, np.uint8)
    image = np.zeros((16, 32, 1), np.uint8)
    image[4:10, 12:20] = 200  # an unlabelled field over the tile border
    for column in (0, 16):
        part = image[:, column : column + 16]
        mask, place = np.zeros((16, 16), np.uint8), box(column, -16, column + 16, 0)
        writer.add(part, mask, "s", 0, column, place)
    scene = dict(path="s", height=16, width=32, transform=[1, 0, 5e5, 0, -1, 4e6])
    writer.finish(source_description(1, 16, {"s": scene}), "EPSG:32637")
    return TileStore(folder)


def _bank(store, path, counts=True):
    bank = ErrorBank(2, (16, 16), store.fingerprint, counts)
    images = np.array(store.images)[..., 0]
    for epoch in (1, 2):
        bank.update(np.arange(2), images > 0, np.array(store.masks), epoch)
        bank.passes += 1
    bank.save(path, begin=0, epoch=2, threshold=0.5, valid_pixels=512)
    return ErrorBank.load(path)


def _bright(image):
    return (image[:, 0] > 0).float(), image[:, 0] > 0


def test_a_field_over_two_tiles_is_one_candidate(tmp_path):
    store = _store(tmp_path / "store")
    bank = _bank(store, tmp_path / "b.npz")
    table = review(bank, store, _bright)
    assert table["kind"].tolist() == ["missing target"]
    assert table.geometry.area.tolist() == [48]
    assert (table["rank"].tolist(), table["score"].tolist()) == ([1], [1])
    write_review(table, store, tmp_path / "review.gpkg")
    read = geopandas.read_file(tmp_path / "review.gpkg", layer="candidates")
    assert read["verdict"].tolist() in ([""], [None])
    assert read["thumbnail"].tolist() == ["review_thumbnails/0001.png"]
    with sqlite3.connect(tmp_path / "review.gpkg") as base:
        (qml,) = base.execute("SELECT styleQML FROM layer_styles").fetchone()
    ElementTree.fromstring(qml.split(">", 1)[1])
    assert "ValueMap" in qml and "unsure" in qml and "ExternalResource" in qml
    page = (tmp_path / "review.html").read_text()
    assert 'src="review_thumbnails/0001.png"' in page and "missing target" in page
    with Image.open(tmp_path / "review_thumbnails/0001.png") as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (192, 388, 3)
    # Blue, the colour of missing targets, is only on the right.
    blue = (pixels == COLOURS["missing target"]).all(axis=2)
    assert blue[:, 196:].sum() > 50 and not blue[:, :196].any()


def test_the_models_own_threshold_decides():
    class Model:
        channels = ("target", "error")
        decoder = UnionDecoder(threshold={"target": 0.3, "error": 0.5})

        def probabilities(self, image):
            return torch.tensor([0.4, 0.9]).reshape(1, 2, 1, 1).expand(1, 2, 4, 4)

        def decide(self, probabilities):
            return self.decoder(probabilities, self.channels)

    probability, decided = target_of(Model())(torch.zeros(1, 3, 4, 4))
    assert decided.all() and probability.max() == pytest.approx(0.4)
    Model.decoder = UnionDecoder(threshold={"target": 0.5, "error": 0.5})
    assert not target_of(Model())(torch.zeros(1, 3, 4, 4))[1].any()


def test_a_bank_without_counts_is_refused(tmp_path):
    store = _store(tmp_path / "store")
    bank = _bank(store, tmp_path / "b.npz", counts=False)
    with pytest.raises(UserError, match="no counts"):
        review(bank, store, _bright)
