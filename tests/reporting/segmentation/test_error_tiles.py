import numpy as np

from mmext.datasets.tile_store import TileStore
from mmext.reporting.segmentation.error_tiles import (
    draw_error_tiles,
    worst_lookalikes,
    worst_misses,
)
from mmext.structures import ErrorBank


def test_misses_and_lookalikes_by_size(make_store, tmp_path):
    store = TileStore(make_store(tmp_path / "store", tiles=4, size=16, positive=2))
    masks = np.asarray(store.masks)
    predicted = masks == 1
    top, left = np.argwhere(masks[0] == 1)[0]
    predicted[0, top, left] = False  # a miss
    predicted[1] = False  # all missed
    predicted[0, top - 1, left : left + 3] = True  # false, but it touches the field
    predicted[2, :2, :5] = True  # a lookalike
    bank = ErrorBank(4, (16, 16), store.fingerprint)
    bank.update(np.arange(4), predicted, masks, 1)
    misses = worst_misses(bank, 6)
    assert [(m.tile, m.pixels) for m in misses] == [(1, (masks[1] == 1).sum()), (0, 1)]
    [lookalike] = worst_lookalikes(bank, store, 6)
    assert (lookalike.tile, lookalike.pixels) == (2, 10)
    assert draw_error_tiles(bank, store).axes


def test_a_bank_without_errors_draws_nothing(make_store, tmp_path):
    store = TileStore(make_store(tmp_path / "store"))
    bank = ErrorBank(len(store), (16, 16), store.fingerprint)
    assert draw_error_tiles(bank, store) is None
