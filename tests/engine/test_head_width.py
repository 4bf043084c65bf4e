"""The head's width against widths known of each network, and against a forward pass."""

import pytest
import torch
from mmengine.config import Config

from mmext.engine.build_config import load_config
from mmext.engine.head_width import fill_head_width
from mmext.errors import UserError
from mmext.registry import MODELS

from .conftest import CONFIGS

TRUNK = CONFIGS / "stage1_trunk.py"
HEAD = "model.decode_head.head"
FROM = "from_backbone"


def head(path, options=None):
    return load_config(path, options).model.decode_head.head


@pytest.mark.parametrize("path", ["stage1_trunk.py", "depth/all.py"])
@pytest.mark.parametrize("width", [8, 64])
def test_one_option_makes_a_network_of_another_width(path, width):
    found = head(CONFIGS / path, {"model.backbone.base_channels": width})
    assert (found.in_channels, found.channels) == (width, width)


# Of a U-Net of width w: 8w, 4w, 2w, w.
@pytest.mark.parametrize("index, width", [(0, 64), (1, 32), (3, 8), (-1, 8), (-4, 64)])
def test_the_map_that_in_index_names(index, width):
    options = {"model.backbone.base_channels": 8, f"{HEAD}.in_index": index}
    found = head(TRUNK, options)
    assert (found.in_channels, found.channels) == (width, width)


@pytest.mark.parametrize(
    "path, changes, widths",
    [
        ("depth/all_resnet50.py", {}, [256, 512, 1024, 2048]),
        ("depth/all_resnet50.py", {"depth": 18}, [64, 128, 256, 512]),
        ("depth/all_mit_b2.py", {"embed_dims": 8}, [8, 16, 40, 64]),
    ],
)
def test_networks_of_mmseg(path, changes, widths):
    options = {f"model.backbone.{key}": value for key, value in changes.items()}
    found = head(CONFIGS / path, options)
    assert (found.in_channels, found.channels) == (widths, 128)


def test_a_neck_comes_between():
    neck = dict(type="FPN", in_channels=[64, 32, 16, 8], out_channels=6, num_outs=4)
    config = Config.fromfile(str(TRUNK))
    config.model.backbone.base_channels = 8
    config.model.neck = neck
    fill_head_width(config)
    assert config.model.decode_head.head.in_channels == 6


def test_numbers_stay_and_may_be_mixed_with_it():
    config = Config.fromfile(str(TRUNK))
    config.model.decode_head.head.update(channels=12, num_convs=1)
    config.model.backbone.update(base_channels=8, in_channels=5)
    fill_head_width(config)
    found = config.model.decode_head.head
    assert (found.in_channels, found.channels) == (8, 12)
    config.model.backbone.base_channels = 16
    fill_head_width(config)  # there is nothing left to fill in
    assert (found.in_channels, found.channels) == (8, 12)


def test_the_model_can_be_built_and_random_numbers_are_not_used_up():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    config = load_config(TRUNK, {"model.backbone.base_channels": 6})
    assert torch.equal(torch.rand(2), expected)
    config.model.data_preprocessor.update(mean=[0.0] * 3, std=[1.0] * 3)
    model = MODELS.build(config.model).eval()
    assert model.probabilities(torch.zeros(1, 3, 16, 16)).shape == (1, 1, 16, 16)


@pytest.mark.parametrize(
    "options, message",
    [
        ({f"{HEAD}.in_index": 4}, "in_index: is 4, but model.backbone gives 4 maps"),
        ({f"{HEAD}.in_index": [0, -5]}, r"in_index: is \[0, -5\], but"),
        ({f"{HEAD}.in_index": [2, 3]}, r"head.channels: is 'from_backbone', but in_in"),
        ({f"{HEAD}.in_channels": "from_head"}, "in_channels: is 'from_head', expected"),
        ({"model.backbone.norm_cfg": {"type": "BM"}}, "backbone.norm_cfg.type: no mod"),
        (
            {"model.backbone.norm_cfg": {"type": "GN", "num_groups": 7}},
            "model.backbone: can't be built .ValueError: num_channels .8. must be",
        ),
    ],
)
def test_what_gives_no_width_is_refused(options, message):
    with pytest.raises(UserError, match=message):
        load_config(TRUNK, {"model.backbone.base_channels": 8, **options})
