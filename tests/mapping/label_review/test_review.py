import sqlite3
from xml.etree import ElementTree

import geopandas
import numpy as np
import pytest
import torch
from PIL import Image
from rasterio import Affine
from rasterio.features import rasterize
from shapely.geometry import MultiPolygon, box

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.mapping.label_review import (
    LabelFile,
    apply_review,
    review,
    write_review,
)
from mmext.mapping.label_review.ranking_evaluation import overlaps, same_kind
from mmext.mapping.label_review.review_files import COLOURS
from mmext.models.decoders.union_decoder import UnionDecoder
from mmext.prepare.cutting import cut_scenes
from mmext.prepare.cutting_settings import Cutting
from mmext.prepare.labels import LabelSource
from mmext.prepare.scenes import Scene
from mmext.structures import ErrorBank, load_bank, save_bank
from mmext.synthetic.farmland import (
    SceneSpec,
    plant_label_errors,
    render_scene,
    write_scene,
)
from tests.source_description import source_description
from tests.store_writer import StoreWriter

from .builders import CRS, set_verdicts, square, write_labels


def _store(folder):
    writer = StoreWriter(folder, 16, 1, np.uint8)
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
    save_bank(bank, path, begin=0, epoch=2, threshold=0.5, valid_pixels=512)
    return load_bank(path)


class _Model(torch.nn.Module):
    """Two channels, the target where a pixel isn't black, and nothing."""

    channels = ("target", "error")

    def __init__(self, threshold=0.5):
        super().__init__()
        self.anything = torch.nn.Parameter(torch.zeros(1))
        self.decoder = UnionDecoder(threshold={"target": threshold, "error": 0.5})

    def probabilities(self, inputs):
        target = (inputs[:, 0] > 0).float()
        return torch.stack([target, torch.zeros_like(target)], dim=1)

    def decide(self, probabilities):
        return self.decoder(probabilities, self.channels)


def _sheets(folder, labels, present, sheets):
    """A store of sheets 40 pixels high, each of columns of one ground, and its bank.

    Images show what is present; one tile a sheet.
    """
    width = max(stop - start for start, stop in sheets.values())
    writer = StoreWriter(folder / "store", max(40, width), 1, np.uint8)
    side, scenes = max(40, width), {}
    image, mask = (
        rasterize(
            [shape for shape in shapes if shape] or [(box(0, 0, 1, 1), 0)],
            out_shape=(40, 200),
            transform=Affine(1, 0, 5e5, 0, -1, 4e6 + 40),
            dtype=np.uint8,
        )
        for shapes in (present, labels)
    )
    for name, (start, stop) in sheets.items():
        tile, seen = np.zeros((side, side, 1), np.uint8), np.full((side, side), 255)
        tile[:40, : stop - start, 0] = image[:, start:stop]
        seen[:40, : stop - start] = mask[:, start:stop]
        place = box(5e5 + start, 4e6, 5e5 + stop, 4e6 + 40)
        writer.add(tile, seen.astype(np.uint8), name, 0, 0, place)
        # Neighbours that are made of map tiles don't quite meet.
        left = 5e5 + start + 2e-9 * len(scenes)
        scenes[name] = dict(
            path=name,
            height=40,
            width=stop - start,
            transform=[1, 0, left, 0, -1, 4e6 + 40],
        )
    writer.finish(source_description(1, side, scenes), CRS)
    store = TileStore(folder / "store")
    bank = ErrorBank(len(store), (side, side), store.fingerprint, counts=True)
    pixels, masks = np.array(store.images)[..., 0], np.array(store.masks)
    for epoch in (1, 2):
        bank.update(np.arange(len(store)), pixels > 0, masks, epoch)
        bank.passes += 1
    save_bank(bank, folder / "b.npz", begin=0, epoch=2, threshold=0.5, valid_pixels=1)
    return store, load_bank(folder / "b.npz")


def test_a_field_over_two_tiles_is_one_candidate(tmp_path):
    store = _store(tmp_path / "store")
    bank = _bank(store, tmp_path / "b.npz")
    table = review(bank, store, _Model())
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


TWO_SHEETS = {"east": (100, 200), "west": (0, 100)}
OVERLAPPING = {"east": (80, 200), "west": (0, 110)}


@pytest.mark.parametrize("sheets", [TWO_SHEETS, OVERLAPPING])
def test_what_two_sheets_show_is_one_candidate(tmp_path, sheets, capsys):
    # A field that no label has and a wrong label over the line between the sheets,
    # one beside its place, and one that is right.
    labels = [square(90, 15, 12), square(84, 29), square(20, 5, 20)]
    present = [square(92, 0, 12), square(87, 29), square(20, 5, 20)]
    store, bank = _sheets(tmp_path, labels, present, sheets)
    file = LabelFile.read(write_labels(tmp_path / "labels.gpkg", labels))
    table = review(bank, store, _Model(), labels=file).set_index("kind")
    assert sorted(table.index) == ["boundary shift", "missing target", "wrong target"]
    missing = table.loc["missing target"]
    assert missing.geometry.symmetric_difference(present[0]).area < 1e-6
    assert missing["area_m2"] == pytest.approx(144, rel=0.01)
    assert missing["labels"] == "" and np.isnan(missing["label_seen"])
    assert table.loc["wrong target", "labels"] == file.names[0]
    assert table.loc["boundary shift", "labels"] == file.names[1]
    seen = 1 if sheets is OVERLAPPING else 10 / 12
    assert table.loc["wrong target", "label_seen"] == pytest.approx(seen)
    assert table.loc["boundary shift", "label_seen"] == 1
    assert "candidates show what another one shows" in capsys.readouterr().out

    path = tmp_path / "review.gpkg"
    write_review(table.reset_index(), store, path, file)
    set_verdicts(path, "accept")
    apply_review(path, file.path, tmp_path / "out.gpkg")
    new = geopandas.read_file(tmp_path / "out.gpkg").geometry
    expected = [present[1], labels[2], present[0]]
    assert len(new) == 3
    for shape, truth in zip(new, expected, strict=True):
        assert shape.symmetric_difference(truth).area < 1e-6


def test_a_label_is_not_wrong_by_the_sliver_that_a_sheet_shows(tmp_path):
    # The model misses its left edge, which is all that the western sheet has of it.
    labels, present = [square(98, 10, 20)], [square(100, 10, 20)]
    store, bank = _sheets(tmp_path, labels, present, TWO_SHEETS)
    file = LabelFile.read(write_labels(tmp_path / "labels.gpkg", labels))
    assert "wrong target" in review(bank, store, _Model())["kind"].tolist()
    assert "wrong target" not in review(bank, store, _Model(), labels=file)["kind"]


def test_parts_of_one_feature_are_judged_by_themselves(tmp_path):
    # One part of a feature is wrong, beside a label that it touches.
    several, neighbour = MultiPolygon([square(10, 5), square(50, 5)]), square(40, 5)
    labels = [several, neighbour]
    store, bank = _sheets(tmp_path, labels, [square(10, 5), neighbour], {"s": (0, 100)})
    file = LabelFile.read(write_labels(tmp_path / "labels.gpkg", labels))
    [row] = review(bank, store, _Model(), labels=file).itertuples()
    assert (row.kind, row.labels) == ("wrong target", file.names[1])
    # Without the file, the two that touch are one label, and not wrong altogether.
    assert review(bank, store, _Model())["labels"].tolist() in ([""], [])


def test_labels_drawn_twice_go_together(tmp_path):
    labels = [square(10, 5), square(10.4, 5), square(40, 5)]
    store, bank = _sheets(tmp_path, labels, [square(40, 5)], {"s": (0, 100)})
    file = LabelFile.read(write_labels(tmp_path / "labels.gpkg", labels))
    [row] = review(bank, store, _Model(), labels=file).itertuples()
    assert row.labels.split() == list(file.names[:2])


def test_labels_of_another_store_are_refused(tmp_path):
    store, bank = _sheets(tmp_path, [square(10, 5)], [], {"s": (0, 100)})
    other = LabelFile.read(write_labels(tmp_path / "a.gpkg", [square(50, 5)]))
    with pytest.raises(UserError, match="expected the labels that the store was cut"):
        review(bank, store, _Model(), labels=other)


def test_perfect_verdicts_bring_labels_to_the_truth(tmp_path):
    scene = render_scene(SceneSpec(512, 768, 3, pixel_size=0.5))
    faulty = plant_label_errors(scene, 1.0, 3)
    write_scene(scene, tmp_path, "a", faulty)
    labels = tmp_path / "a_labels.gpkg"
    cut = [Scene("a", tmp_path / "a.tif", LabelSource(labels))]
    cut_scenes(cut, tmp_path / "store", Cutting(tile_size=128))
    store = TileStore(tmp_path / "store")
    truth = LabelSource(tmp_path / "a_fields.gpkg")
    cut_scenes([Scene("a", tmp_path / "a.tif", truth)], tmp_path / "true", Cutting(128))
    true = np.array(TileStore(tmp_path / "true").masks) == 1
    bank = ErrorBank(len(store), (128, 128), store.fingerprint, counts=True)
    bank.update(np.arange(len(store)), true, np.array(store.masks), 1)
    bank.passes = 1
    save_bank(bank, tmp_path / "b.npz", begin=0, epoch=1, threshold=0.5, valid_pixels=1)
    # A model that knows the truth, asked tile by tile in their order.
    answers = iter(torch.from_numpy(true))

    class Knowing(_Model):
        def probabilities(self, inputs):
            target = torch.stack([next(answers) for _ in inputs]).float()
            return torch.stack([target, torch.zeros_like(target)], dim=1)

    file = LabelFile.read(labels)
    table = review(load_bank(tmp_path / "b.npz"), store, Knowing(), labels=file)
    write_review(table, store, tmp_path / "review.gpkg", file)
    right = (overlaps(table, faulty.errors) & same_kind(table, faulty.errors)).any(1)
    right &= ~(table["label_seen"] < 0.95).to_numpy()
    ranks = ",".join(map(str, table.loc[right, "rank"]))
    set_verdicts(tmp_path / "review.gpkg", "accept", f"rank IN ({ranks})")
    apply_review(tmp_path / "review.gpkg", labels, tmp_path / "out.gpkg")

    def iou(path):
        shape = geopandas.read_file(path).union_all()
        true = scene.fields.union_all()
        return shape.intersection(true).area / shape.union(true).area

    # Two of the nine were moved over the scene's edge, which can't be seen.
    assert (len(faulty.errors), right.sum()) == (9, 7)
    assert iou(labels) < 0.4
    assert iou(tmp_path / "out.gpkg") > 0.85


def test_the_models_own_threshold_decides(tmp_path):
    class Unsure(_Model):
        def probabilities(self, inputs):
            # The other channel is sure that all is target, and isn't asked.
            return torch.stack([0.4 * (inputs[:, 0] > 0), inputs[:, 0] >= 0], dim=1)

    store, bank = _sheets(tmp_path, [square(10, 5)], [square(13, 5)], {"s": (0, 100)})
    [row] = review(bank, store, Unsure(threshold=0.3)).itertuples()
    assert row.kind == "boundary shift"
    assert row.probability == pytest.approx(0.4)
    kinds = review(bank, store, Unsure(threshold=0.5))["kind"]
    assert "boundary shift" not in kinds.tolist()


def test_a_review_without_candidates_is_written(tmp_path):
    store, bank = _sheets(tmp_path, [square(10, 5)], [square(10, 5)], {"s": (0, 100)})
    table = review(bank, store, _Model())
    write_review(table, store, tmp_path / "review.gpkg")
    assert len(geopandas.read_file(tmp_path / "review.gpkg", layer="candidates")) == 0


def test_a_prediction_of_nan_is_refused(tmp_path):
    class Broken(_Model):
        def probabilities(self, inputs):
            answer = super().probabilities(inputs)
            answer[1] = torch.nan
            return answer

    store = _store(tmp_path / "store")
    bank = _bank(store, tmp_path / "b.npz")
    with pytest.raises(UserError, match="predictions hold NaN, of tiles 1;"):
        review(bank, store, Broken())


def test_a_bank_without_counts_is_refused(tmp_path):
    store = _store(tmp_path / "store")
    bank = _bank(store, tmp_path / "b.npz", counts=False)
    with pytest.raises(UserError, match="no counts"):
        review(bank, store, _Model())
