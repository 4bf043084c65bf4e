import json

import numpy as np
import pytest
import torch

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.inference.prediction_dump import (
    MAX_LOGIT,
    dump_predictions,
    load_predictions,
)
from mmext.models.decoders.union_decoder import UnionDecoder


class Stub(torch.nn.Module):
    """Two channels straight from the first two bands, some of them certain."""

    channels = ("target", "error")

    def __init__(self):
        super().__init__()
        self.anything = torch.nn.Parameter(torch.zeros(1))
        self.union_decoder = UnionDecoder(threshold={"target": 0.5, "error": 0.3})

    def probabilities(self, inputs):
        return ((inputs[:, :2].float() - 30) / 120).clamp(0, 1)

    def decide(self, probabilities):
        return self.union_decoder(probabilities, self.channels)


@pytest.fixture
def store(make_store, tmp_path):
    return TileStore(make_store(tmp_path / "store", tiles=5, size=13))


@pytest.fixture
def dump(store, tmp_path):
    dump_predictions(Stub(), store, tmp_path / "dump", {"model": "stub"}, batch_size=2)
    return load_predictions(tmp_path / "dump")


def test_what_was_said_is_read_back(store, dump):
    images = torch.from_numpy(np.asarray(store.images)).permute(0, 3, 1, 2).float()
    probability = Stub().probabilities(images)
    decision = Stub().decide(probability)
    assert dump.logits.shape == (5, 2, 13, 13) and dump.logits.dtype == np.float16
    back = 1 / (1 + np.exp(-np.asarray(dump.logits, float)))
    np.testing.assert_allclose(back, probability.numpy(), atol=1e-3)
    assert abs(np.asarray(dump.logits)).max() == MAX_LOGIT
    for tile in range(5):
        np.testing.assert_array_equal(dump.mask(tile), decision["mask"][tile])
        for name, mask in dump.decided(tile).items():
            np.testing.assert_array_equal(mask, decision["channels"][name][tile])
    assert dump.meta["model"] == "stub"
    assert dump.meta["fingerprint"] == store.fingerprint


def test_codes_say_which_channel(dump):
    for tile in range(len(dump)):
        target, error = dump.decided(tile).values()
        expected = target + 2 * error.astype(int)
        np.testing.assert_array_equal(dump.codes(tile), expected)


def test_a_decoder_that_uses_one_channel_hides_the_other(store, tmp_path):
    model = Stub()
    model.union_decoder = UnionDecoder(mode="target")
    dump_predictions(model, store, tmp_path / "dump")
    dump = load_predictions(tmp_path / "dump")
    assert dump.decided(0)["error"].any()
    for tile in range(len(dump)):
        assert set(np.unique(dump.codes(tile))) <= {0, 1, 3}


@pytest.mark.parametrize(
    "decoder",
    [
        UnionDecoder("hysteresis", 0.4, 0.92),
        UnionDecoder("touching", dict(target=0.45, error=0.25)),
        UnionDecoder("target", 0.7, grow=2),
        UnionDecoder("hysteresis", 0.4, 0.92, grow=3),
    ],
)
def test_components_and_growth_are_those_of_the_whole_scene(store, tmp_path, decoder):
    """Five tiles side by side, batches of two: the mask is that of one long image."""
    model = Stub()
    model.union_decoder = decoder
    dump_predictions(model, store, tmp_path / "dump", batch_size=2)
    dump = load_predictions(tmp_path / "dump")
    images = torch.from_numpy(np.array(store.images)).permute(0, 3, 1, 2)
    tiles = model.probabilities(images)
    whole = decoder(torch.cat(list(tiles), dim=-1)[None], model.channels)["mask"][0]
    found = np.concatenate([dump.mask(tile) for tile in range(5)], axis=-1)
    np.testing.assert_array_equal(found, whole.numpy())
    for tile in range(5):
        np.testing.assert_array_equal(dump.codes(tile) > 0, dump.mask(tile))
    alone = np.concatenate(list(model.decide(tiles)["mask"].numpy()), axis=-1)
    assert (found != alone).any()
    assert sorted(path.name for path in (tmp_path / "dump").iterdir()) == sorted(
        ["decided.npy", "dump.json", "logits.npy", "mask.npy"]
    )


def test_a_broken_off_dump_leaves_the_old_one(store, dump, tmp_path):
    class Failing(Stub):
        def decide(self, probabilities):
            raise RuntimeError("broken off")

    with pytest.raises(RuntimeError, match="broken off"):
        dump_predictions(Failing(), store, tmp_path / "dump")
    assert load_predictions(tmp_path / "dump").meta == dump.meta
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dump", "store"]


def test_nan_is_no_answer(store, dump, tmp_path):
    class Broken(Stub):
        def probabilities(self, inputs):
            return super().probabilities(inputs) / 0

    with pytest.raises(UserError, match="predictions hold NaN, of tiles 0, 1, 2"):
        dump_predictions(Broken(), store, tmp_path / "dump")
    assert load_predictions(tmp_path / "dump").meta == dump.meta


def test_what_is_no_dump_is_refused(dump, tmp_path):
    with pytest.raises(UserError, match="not a prediction dump, has no"):
        load_predictions(tmp_path)
    meta = tmp_path / "dump" / "dump.json"
    meta.write_text(json.dumps({**dump.meta, "format": 9}))
    with pytest.raises(UserError, match="format: is 9, expected 1"):
        load_predictions(tmp_path / "dump")
    meta.write_text(json.dumps(dump.meta))
    (tmp_path / "dump" / "logits.npy").write_bytes(b"nothing")
    with pytest.raises(UserError, match="not a NumPy array"):
        load_predictions(tmp_path / "dump")
