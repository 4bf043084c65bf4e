import pytest

from mmext.inference.depth import DepthPredictor
from tests.depth_checkpoint import RESIZE, depth_config, write_depth_checkpoint


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "epoch_3.pth"
    return write_depth_checkpoint(path, depth_config())


@pytest.fixture(scope="session")
def resizing_checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "epoch_3.pth"
    return write_depth_checkpoint(path, depth_config([RESIZE]))


@pytest.fixture(scope="session")
def predictor(checkpoint):
    return DepthPredictor(checkpoint)
