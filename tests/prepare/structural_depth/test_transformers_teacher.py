import json

import numpy as np
import pytest

from mmext.errors import UserError
from mmext.prepare.structural_depth import TransformersTeacher
from mmext.prepare.structural_depth.transformers_teacher import _space_of


def test_spaces_by_kind_of_model():
    assert _space_of({"model_type": "dpt"}) == ("inverse_depth", False)
    assert _space_of({"model_type": "glpn"}) == ("depth", True)
    depth_anything = {"model_type": "depth_anything"}
    assert _space_of(depth_anything) == ("inverse_depth", False)
    metric = {**depth_anything, "depth_estimation_type": "metric"}
    assert _space_of(metric) == ("depth", True)
    assert _space_of({"model_type": "other"}) is None


def test_directories_that_are_no_model(tmp_path):
    with pytest.raises(UserError, match=r"has no config\.json"):
        TransformersTeacher(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit"}))
    with pytest.raises(UserError, match="expected --space"):
        TransformersTeacher(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UserError, match="not JSON"):
        TransformersTeacher(tmp_path)


def test_a_model_from_a_local_directory(tmp_path):
    transformers = pytest.importorskip("transformers")
    config = transformers.GLPNConfig(
        depths=[1, 1, 1, 1],
        hidden_sizes=[8, 8, 8, 8],
        num_attention_heads=[1, 1, 1, 1],
        decoder_hidden_size=8,
    )
    model = transformers.GLPNForDepthEstimation(config)
    model.save_pretrained(tmp_path)
    transformers.GLPNImageProcessor(size_divisor=32).save_pretrained(tmp_path)
    teacher = TransformersTeacher(tmp_path)
    assert teacher.note.space == "depth"
    assert teacher.note.metric
    assert len(teacher.note.sha256) == 64
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (64, 96, 3)).astype(np.uint8) for _ in range(2)]
    together = teacher.maps(images)
    assert [values.shape for values in together] == [(64, 96)] * 2
    alone = teacher.maps(images[1:])
    np.testing.assert_allclose(together[1], alone[0], atol=1e-4)
    sizes = teacher.maps([images[0], images[1][:32]])
    assert sizes[1].shape == (32, 96)
