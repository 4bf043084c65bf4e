import numpy as np

from mmext.datasets.tile_store import TileStore
from mmext.reporting.segmentation.accumulated_errors import (
    draw_error_tiles,
    most_false_negatives,
    most_lookalikes,
)
from mmext.structures import ErrorBank


def test_false_negatives_and_lookalikes_by_size(make_store, tmp_path):
    store = TileStore(make_store(tmp_path / "store", tiles=4, size=16, positive=2))
    masks = np.asarray(store.masks)
    predicted = masks == 1
    top, left = np.argwhere(masks[0] == 1)[0]
    predicted[0, top, left] = False  # one FN
    predicted[1] = False  # all FN
    predicted[0, top - 1, left : left + 3] = True  # false, but it touches the object
    predicted[2, :2, :5] = True  # a lookalike
    bank = ErrorBank(4, (16, 16), store.fingerprint)
    bank.update(np.arange(4), predicted, masks, 1)
    found = most_false_negatives(bank, 6)
    assert [(e.tile, e.pixels) for e in found] == [(1, (masks[1] == 1).sum()), (0, 1)]
    [lookalike] = most_lookalikes(bank, store, 6)
    assert (lookalike.tile, lookalike.pixels) == (2, 10)
    assert draw_error_tiles(bank, store).axes


def test_a_bank_without_errors_draws_nothing(make_store, tmp_path):
    store = TileStore(make_store(tmp_path / "store"))
    bank = ErrorBank(len(store), (16, 16), store.fingerprint)
    assert draw_error_tiles(bank, store) is None
