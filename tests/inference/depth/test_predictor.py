import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmext.errors import UserError
from mmext.inference.depth import DepthPredictor
from tests.datasets.depth.layouts import thermal_counts


def test_depth_is_the_models_within_its_range(predictor):
    raw = thermal_counts(0)
    [found] = predictor.predict([raw])
    assert found.metric.shape == found.structural.shape == raw.shape
    assert found.metric.dtype == np.float32
    assert 0.5 <= found.metric.min() < found.metric.max() <= 10
    assert (found.structural > 0).all()
    inputs = torch.from_numpy(np.clip((raw.astype(np.float32) - 3000) / 3000, 0, 1))
    with torch.inference_mode():
        expected = predictor.loaded.model.depths(inputs[None, None])
    np.testing.assert_allclose(found.metric, expected["metric"][0, 0], rtol=1e-4)
    np.testing.assert_allclose(found.thermal, inputs, atol=1e-6)


def test_together_as_alone_and_of_any_size(predictor):
    images = [thermal_counts(0), thermal_counts(1), thermal_counts(2, (21, 35))]
    alone = [predictor.predict([image])[0] for image in images]
    together = predictor.predict(images[:2]) + predictor.predict(images[2:])
    mixed = predictor.predict(images)
    for one, two, three in zip(alone, together, mixed, strict=True):
        np.testing.assert_allclose(one.metric, two.metric, rtol=1e-4)
        np.testing.assert_allclose(one.metric, three.metric, rtol=1e-4)


def test_a_resizing_pipeline_gives_the_images_size_back(resizing_checkpoint):
    raw = thermal_counts(0, (25, 41))
    [found] = DepthPredictor(resizing_checkpoint).predict([raw])
    assert found.metric.shape == found.thermal.shape == (25, 41)


def test_other_checkpoints_are_refused(checkpoint, tmp_path):
    content = torch.load(checkpoint, weights_only=True)
    config = Config.fromstring(content["meta"]["cfg"], ".py")
    config.test_dataloader.dataset.pipeline = [dict(type="LoadTile")]
    content["meta"]["cfg"] = config.pretty_text
    torch.save(content, tmp_path / "tiles.pth")
    with pytest.raises(UserError, match=r"is LoadTile, expected .* LoadThermal"):
        DepthPredictor(tmp_path / "tiles.pth")
    config.pop("test_dataloader")
    content["meta"]["cfg"] = config.pretty_text
    torch.save(content, tmp_path / "none.pth")
    with pytest.raises(UserError, match="test pipeline is not there"):
        DepthPredictor(tmp_path / "none.pth")
    with pytest.raises(UserError, match="no such checkpoint"):
        DepthPredictor(tmp_path / "absent.pth")
