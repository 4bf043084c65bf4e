"""What a study refuses or warns of before it trains anything."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.study.questions import Question
from mmext.study.run_study import run_study
from mmext.study.study_file import read_study

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def asking(tmp_path, make_store):
    """A study with a question of a test store of one scene."""
    store = str(make_store(tmp_path / "store", tiles=5, size=13))
    assert TileStore(store).tiles["scene"].nunique() == 1
    study = read_study(ROOT / "configs/studies/dead_trees.py")
    first, second = (arm.name for arm in study.arms[:2])
    return replace(
        study,
        stores=dict.fromkeys(("train", "val", "test"), store),
        questions=(Question("better?", first, second, "iou", 0.02),),
    )


def test_one_scene_answers_no_question(tmp_path, asking):
    out = tmp_path / "out"
    with pytest.raises(UserError, match="store: is of one scene, so nothing tells"):
        run_study(asking, out, train=False)
    assert not out.exists()
    # Without a question there is nothing to decide.
    with pytest.raises(UserError, match="not finished, run the study first"):
        run_study(replace(asking, questions=()), out, train=False)
