"""Two ways of running a network, compared by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mmext.datasets.tile_store import TileStore
from mmext.evaluation.agreement import agreement
from tests.mapping.test_predict_scenes import build


def test_by_hand(tmp_path, make_store):
    """One way finds all targets, the other half of their pixels and one too many."""
    store = TileStore(make_store(tmp_path / "store", tiles=10, positive=9))
    masks = np.array(store.masks)
    positives = np.argwhere(masks == 1)
    lost, negative = positives[::2], np.argwhere(masks == 0)[0]
    other = masks.copy()
    other[tuple(lost.T)] = 0
    other[tuple(negative)] = 1
    predictor = build()

    def saying(answers, yes):
        batches = iter(np.split(answers, [8]))

        def probabilities(images):
            batch = torch.from_numpy(next(batches) == 1).float() * yes
            assert images.shape == (len(batch), 3, *batch.shape[1:])
            return torch.stack([batch, torch.zeros_like(batch)], dim=1)

        return replace(predictor, probabilities=probabilities)

    found = agreement(saying(masks, 0.9), saying(other, 0.7), store)
    assert found.reference == 1
    assert found.found == (len(positives) - len(lost)) / (len(positives) + 1)
    assert found.differing == (len(lost) + 1) / np.count_nonzero(masks != 255)
    assert found.largest == pytest.approx(0.9)
