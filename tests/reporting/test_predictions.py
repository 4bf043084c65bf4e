import os

import numpy as np
import pytest
import torch

from mmext.errors import UserError
from mmext.evaluation.confusion import confusion
from mmext.evaluation.tile_scores import score_tiles
from mmext.inference.checkpoint import load_model
from mmext.reporting.predictions import predict_test_store
from mmext.reporting.runs import find_runs


@pytest.fixture
def run(whole_experiment):
    runs, _ = find_runs([whole_experiment("exp") / "stage2_A100-200"])
    return runs[0]


def test_predicted_once_and_again_for_a_new_checkpoint(run, tmp_path, monkeypatch):
    first = predict_test_store(run, tmp_path)
    assert first.epoch == 8 and len(first.dump) == 9
    written = run.path / "test_predictions" / "logits.npy"
    before = written.stat().st_mtime_ns
    predict_test_store(run, tmp_path)
    assert written.stat().st_mtime_ns == before
    os.utime(run.path / "epoch_8.pth", ns=(1, 1))
    predict_test_store(run, tmp_path)
    assert written.stat().st_mtime_ns != before


def test_scores_are_those_of_the_models_masks(run, tmp_path):
    answers = predict_test_store(run, tmp_path)
    model = load_model(run.path / "epoch_8.pth").model
    images = torch.from_numpy(np.array(answers.store.images)).permute(0, 3, 1, 2)
    with torch.inference_mode():
        probability = model.probabilities(images)
        decision = model.decide(probability)
    masks = np.asarray(answers.store.masks)
    scores = score_tiles(answers.dump, answers.store)
    for name, predicted in (
        ("union", decision["mask"].numpy()),
        ("target", decision["channels"]["target"].numpy()),
    ):
        expected = confusion(predicted, masks)
        counts = (expected.tp, expected.fp, expected.fn)
        assert tuple(scores[name].by_tile.sum(axis=0)) == counts
        # The same at the same threshold on the curve: p > 0.5 is a logit above 0.
        index = np.flatnonzero(scores[name].curve.score > 0)[-1]
        assert scores[name].curve.tp[index] == counts[0]
        assert scores[name].curve.fp[index] == counts[1]


def test_no_checkpoint_and_no_store(run, tmp_path):
    config = run.path / f"{run.name}.py"
    text = config.read_text()
    config.write_text(text.replace(str(tmp_path / "stores" / "test"), "nowhere"))
    with pytest.raises(UserError, match="nowhere: not a tile store"):
        predict_test_store(run, tmp_path)
    config.unlink()
    with pytest.raises(UserError, match="no such config"):
        predict_test_store(run, tmp_path)
    (run.path / "epoch_8.pth").unlink()
    with pytest.raises(UserError, match="has no checkpoint"):
        predict_test_store(run, tmp_path)
