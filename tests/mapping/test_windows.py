import numpy as np
import pytest
import torch

from mmext.errors import UserError
from mmext.mapping.windows import window_rows
from mmext.models import UNet3


@pytest.mark.parametrize("height, width", [(1, 1), (100, 37), (160, 161)])
def test_cores_cover_every_pixel_once(height, width):
    seen = np.zeros((height, width), int)
    for row in window_rows(height, width, window=64, margin=10, multiple=8):
        for window in row:
            rows, columns = window.core.toslices()
            seen[rows, columns] += 1
            assert window.read.width <= 64 and window.read.height <= 64
            assert window.read.row_off % 8 == window.read.col_off % 8 == 0
    assert (seen == 1).all()


@pytest.mark.parametrize("window", [120, 136, 256])
def test_no_seams(window):
    """Window by window equals one pass over the scene, up to its very edge."""
    torch.manual_seed(0)
    net = UNet3(2, 4).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 2)
    scene = torch.randn(1, 2, 173, 211)
    reach = net.receptive_field // 2
    with torch.no_grad():
        whole = net(scene)[-1]
        pieces = torch.zeros_like(whole)
        for row in window_rows(173, 211, window, reach, net.input_multiple):
            for part in row:
                rows, columns = part.read.toslices()
                kept = part.core.toslices()
                pieces[..., kept[0], kept[1]] = net(scene[..., rows, columns])[-1][
                    ..., part.crop[0], part.crop[1]
                ]
    assert (whole - pieces).abs().max() < 1e-5


def test_a_smaller_margin_does_leave_seams():
    torch.manual_seed(0)
    net = UNet3(1, 4).eval()
    scene = torch.randn(1, 1, 64, 200)
    with torch.no_grad():
        whole = net(scene)[-1]
        part = net(scene[..., 80:])[-1]
    assert (whole[..., 88:100] - part[..., 8:20]).abs().max() > 1e-3


def test_a_window_without_a_core_is_refused():
    with pytest.raises(UserError, match="expected at least 120"):
        list(window_rows(500, 500, window=100, margin=51, multiple=8))
