"""The prediction of a tile store, batch by batch."""

import numpy as np
import pytest
import torch

from mmext.datasets.tile_store import TileStore
from mmext.inference.store_pass import predict_tiles

from .models import build_model


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_tiles_are_predicted_in_the_order_asked_for(tmp_path, make_store, dtype):
    store = TileStore(make_store(tmp_path / "store", tiles=5))
    store.images = np.asarray(store.images).astype(dtype)
    model, ids = build_model().eval(), np.array([4, 0, 3])
    batches = list(predict_tiles(model, store, ids, batch_size=2))
    assert [t.tile_ids.tolist() for t in batches] == [[4, 0], [3]]
    images = torch.from_numpy(store.images[ids].astype(np.float32))
    with torch.inference_mode():
        expected = model.probabilities(images.permute(0, 3, 1, 2))
    found = torch.cat([t.probabilities for t in batches])
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
    masks = np.concatenate([t.channels["target"] for t in batches])
    np.testing.assert_array_equal(masks, expected[:, 0] > 0.5)
    targets = np.concatenate([t.target for t in batches])
    np.testing.assert_array_equal(targets, store.masks[ids])
