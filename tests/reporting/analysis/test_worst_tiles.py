"""Confusion by class and the ranking of tiles, on answers that are known."""

import numpy as np
import pytest

from mmext.datasets.tile_store import TileStore
from mmext.evaluation.confusion import confusion
from mmext.inference.class_codes import BOTH, ERROR, NONE, TARGET
from mmext.reporting.analysis.confusion_by_class import confuse, draw_confusion
from mmext.reporting.analysis.worst_tiles import draw_tiles, rank_tiles


class Answers:
    """A dump whose masks are given."""

    def __init__(self, codes):
        self._codes = codes

    def __len__(self):
        return len(self._codes)

    def codes(self, tile):
        return self._codes[tile]

    def mask(self, tile):
        return self._codes[tile] > 0


@pytest.fixture
def store(make_store, tmp_path):
    return TileStore(make_store(tmp_path / "store", tiles=6, size=16, positive=3))


@pytest.fixture
def answers(store):
    shape = np.asarray(store.masks).shape
    codes = np.random.default_rng(0).choice([NONE, TARGET, ERROR, BOTH], shape)
    return Answers(codes.astype(np.uint8))


def test_counts_are_those_of_a_plain_count(store, answers):
    found = confuse(answers, store)
    labels = np.asarray(store.masks)
    for tile in range(len(store)):
        expected = confusion(answers.mask(tile), labels[tile])
        assert (found.tp[tile], found.fp[tile]) == (expected.tp, expected.fp)
        assert (found.fn[tile], found.tn[tile]) == (expected.fn, expected.tn)
    codes = answers.codes(slice(None))
    assert found.whole()[1, BOTH] == np.sum((codes == BOTH) & (labels == 1))
    # What nobody labelled is not counted.
    assert found.whole().sum() == np.sum(labels != 255)


def test_tiles_that_runs_get_most_wrong_together_come_first(store, answers):
    right = Answers(np.where(np.asarray(store.masks) == 1, TARGET, NONE))
    confusions = {"a": confuse(answers, store), "b": confuse(right, store)}
    table = rank_tiles(store, confusions)
    assert table["run"].tolist() == ["a", "b"] * 6
    wrong = (table.fp + table.fn)[table["run"] == "a"].to_numpy()
    assert (np.diff(wrong) <= 0).all() and wrong[0] > 0
    perfect = table[table["run"] == "b"]
    assert (perfect.fp + perfect.fn == 0).all()
    # Nothing to find and nothing found is no IoU, neither 0 nor 1.
    empty = perfect.tp == 0
    assert empty.any()
    assert perfect.iou[empty].isna().all() and (perfect.iou[~empty] == 1).all()
    assert table["rank"].tolist() == list(np.repeat(np.arange(1, 7), 2))
    assert sorted(table["tile_id"][::2]) == list(range(6))


def test_a_row_a_tile_and_a_column_a_run(store, answers):
    table = rank_tiles(store, {"a": confuse(answers, store)})
    figure = draw_tiles(store, {"a": answers}, table[table["rank"] <= 2])
    titles = [axes.get_title(loc="left") or axes.get_title() for axes in figure.axes]
    assert titles[:3] == ["image", "label", "a"] and len(figure.axes) == 6
    worst = int(table["tile_id"][0])
    drawn, label = figure.axes[2].get_images()[0].get_array(), store.masks[worst]
    mask = answers.mask(worst)
    assert (drawn[(label == 1) & mask] == 255).all()
    assert (drawn[(label == 0) & ~mask] == 0).all()
    colours = {tuple(c) for c in drawn[(label == 0) & mask]}
    assert len(colours) == 1 and colours != {(255, 255, 255)}
    assert colours != {tuple(c) for c in drawn[(label == 1) & ~mask]}


def test_a_store_without_target_has_no_shares_of_it():
    counts = np.zeros((2, 5), np.int64)
    counts[0, 0] = 7
    [axes] = draw_confusion(counts, "a").axes
    assert [text.get_text() for text in axes.texts] == ["100.00%\n7 px", "–"]
