import numpy as np
import pytest

from mmext.errors import UserError
from mmext.reporting.depth.ablation import group_ablations
from mmext.reporting.depth.maps import predict_frames, structure_in_metres
from mmext.reporting.runs import find_runs

RNG = np.random.default_rng(0)
TRUTH = RNG.uniform(1, 8, (12, 16)).astype(np.float32)


def test_structure_is_brought_to_metres_in_its_own_space():
    truth = TRUTH.copy()
    truth[:4] = 0
    for space, structural in (
        ("depth", 0.2 * TRUTH + 0.5),
        ("inverse_depth", 3 / TRUTH + 2),
    ):
        found = structure_in_metres(structural, truth, space, cap=10)
        np.testing.assert_allclose(found, TRUTH, rtol=1e-4)


def test_structure_stays_within_the_cap():
    structural = np.linspace(0.1, 5, TRUTH.size).reshape(TRUTH.shape)
    for space in ("depth", "inverse_depth"):
        found = structure_in_metres(structural, TRUTH, space, cap=6)
        assert np.isfinite(found).all()
        assert 0 <= found.min() <= found.max() <= 6


def test_the_same_frames_by_every_configuration(write_run, tmp_path):
    write_run("all", checkpoint=True)
    write_run("no_silog", checkpoint=True)
    [ablation], _ = group_ablations(find_runs([tmp_path])[0])
    frames = predict_frames(ablation, 0, 2)
    assert [frame.sample_id for frame in frames] == ["3", "324"]
    for frame in frames:
        assert list(frame.metric) == list(frame.structural) == ["all", "no_silog"]
        assert frame.metric["all"].shape == frame.truth.shape == (24, 40)
    [chosen] = predict_frames(ablation, 0, 5, ["106"])
    assert chosen.sample_id == "106"
    with pytest.raises(UserError, match="no sample 999, expected ids such as 3"):
        predict_frames(ablation, 0, 1, ["999"])
