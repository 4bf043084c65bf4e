"""Answers of several trainings, put back together by scene."""

import numpy as np
import pytest
from scipy.special import expit

from mmext.datasets.tile_store import TileStore
from mmext.evaluation.answers import Answers
from mmext.inference.prediction_dump import PredictionDump


@pytest.fixture
def store(make_store, tmp_path):
    """Five tiles side by side in one scene."""
    return TileStore(make_store(tmp_path / "store", tiles=5, size=13))


def dump(store, channels, seed):
    logits = np.random.default_rng(seed).normal(0, 3, (5, len(channels), 13, 13))
    bits = np.zeros((5, 22), np.uint8)
    meta = {"channels": list(channels), "fingerprint": store.fingerprint}
    return PredictionDump(logits.astype(np.float16), meta, bits, bits)


def side_by_side(tiles):
    return np.concatenate(list(tiles), axis=-1)


def test_a_scene_is_its_tiles(store):
    one = dump(store, ("target", "error"), 0)
    [scene] = Answers(store, [one]).scenes()
    np.testing.assert_array_equal(scene.logits, side_by_side(one.logits))
    np.testing.assert_array_equal(scene.target, side_by_side(store.masks))


def test_ensembles(store):
    dumps = [dump(store, ("target",), seed) for seed in (1, 2)]
    first, second = (side_by_side(d.logits).astype(float) for d in dumps)
    [mean] = Answers(store, dumps, "mean").scenes()
    expected = (expit(first) + expit(second)) / 2
    np.testing.assert_allclose(expit(mean.logits), expected, atol=1e-5)
    [union] = Answers(store, dumps, "union").scenes()
    np.testing.assert_array_equal(union.logits, np.maximum(first, second))


def test_scenes_come_one_by_one_in_order(store):
    table = store.tiles.copy()
    table["scene"] = ["b", "a", "b", "a", "c"]
    answers = Answers(store, [dump(store, ("target",), 3)])
    store.__dict__["tiles"] = table
    assert answers.scene_names == ["a", "b", "c"]
    widths = [scene.target.shape[1] for scene in answers.scenes()]
    # a: tiles 1 to 3, b: 0 to 2, c: 4; between them nothing is known.
    assert widths == [39, 39, 13]
    first = next(answers.scenes())
    assert (first.target[:, 13:26] == 255).all()
