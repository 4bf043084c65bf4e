"""The model-based area against the truth where its assumption holds, and by hand."""

import numpy as np
import pytest
import torch

from mmext.errors import UserError
from mmext.inference.checkpoint import read_checkpoint
from mmext.inference.fitted_decision import DecisionRecord, write_decided
from mmext.mapping.map_area import estimate_from_validation
from mmext.models import UnionDecoder

CODES = np.zeros((40, 50), np.uint8)
CODES[:10] = 1


@pytest.fixture
def decided(tmp_path):
    source = tmp_path / "epoch_8.pth"
    config = dict(model=dict(type="BinarySegmentor"))
    torch.save(dict(state_dict={}, meta=dict(cfg=config)), source)

    def write(scenes):
        out = tmp_path / "decided.pth"
        record = DecisionRecord("val", "x", 1, 0.5, 0.5, scenes=scenes)
        write_decided(source, out, UnionDecoder(), record)
        return out

    return write


def test_by_hand(decided, write_map):
    # Three quarters of what is mapped are true, a twentieth of the rest.
    scenes = ((75, 25, 10, 190), (150, 50, 20, 380))
    result = estimate_from_validation(write_map(CODES), decided(scenes))
    assert result.kind == "model-based"
    assert result.area.value == pytest.approx(500 * 0.75 + 1500 * 0.05, rel=2e-3)
    assert np.isnan(result.area.error)
    assert "whose target is as frequent" in result.notes[0]
    assert "has 2 scenes, expected at least 10" in result.notes[1]
    assert result.matrix["target"].tolist() == [30, 225]


def test_the_interval_is_that_of_scenes(decided, write_map):
    rng = np.random.default_rng(0)
    tp = rng.integers(50, 100, 40)
    scenes = tuple((int(n), 100 - int(n), 10, 190) for n in tp)
    result = estimate_from_validation(write_map(CODES), decided(scenes))
    # Of equal mapped areas the precision is a mean over scenes.
    expected = 500 * np.std(tp / 100) / np.sqrt(40)
    assert result.area.error == pytest.approx(expected, rel=0.05)


def test_a_validation_store_with_nothing_mapped(decided, write_map):
    scenes = ((0, 0, 10, 190),) * 10
    result = estimate_from_validation(write_map(CODES), decided(scenes))
    # Nothing is known of what is mapped: it keeps its area.
    assert result.area.value == pytest.approx(500 + 1500 * 0.05, rel=2e-3)


def test_checkpoints_that_do_not_know(decided, write_map, tmp_path):
    path = write_map(CODES)
    with pytest.raises(UserError, match="doesn't know its errors"):
        estimate_from_validation(path, decided(()))
    with pytest.raises(UserError, match="doesn't know its errors"):
        estimate_from_validation(path, tmp_path / "epoch_8.pth")
    content = read_checkpoint(decided(((1, 2, 3, 4),)))
    content["meta"]["decision"]["scenes"] = [[1, 2, -3, 4]]
    torch.save(content, tmp_path / "bad.pth")
    with pytest.raises(UserError, match=r"scenes\[0\]\[2\]: is -3"):
        estimate_from_validation(path, tmp_path / "bad.pth")
