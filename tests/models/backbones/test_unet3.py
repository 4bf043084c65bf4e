import pytest
import torch
from torch import nn

from mmext.errors import UserError
from mmext.models import UNet3
from mmext.registry import MODELS


def parameters_by_hand(bands: int, width: int) -> int:
    def stage(before, after):  # two 3 × 3 convolutions without bias, each with norm
        return 9 * before * after + 2 * after + 9 * after * after + 2 * after

    total = stage(bands, width) + stage(width, 2 * width)
    total += stage(2 * width, 4 * width) + stage(4 * width, 8 * width)
    for after in (4 * width, 2 * width, width):
        total += 4 * (2 * after) * after + after  # 2 × 2 transposed, with bias
        total += stage(2 * after, after)
    return total


@pytest.mark.parametrize("bands, width", [(3, 64), (1, 4), (5, 6)])
def test_parameters(bands, width):
    net = UNet3(bands, width)
    assert sum(p.numel() for p in net.parameters()) == parameters_by_hand(bands, width)


@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
@pytest.mark.parametrize("size", [(32, 32), (33, 47), (1, 1), (8, 65)])
def test_shapes_at_any_size(size, upsampling):
    outputs = UNet3(2, 4, upsampling=upsampling).eval()(torch.randn(1, 2, *size))
    assert [o.shape[1] for o in outputs] == [32, 16, 8, 4]
    for output, scale in zip(outputs, (8, 4, 2, 1), strict=True):
        assert output.shape[2:] == tuple(-(-side // scale) for side in size)


def test_odd_sizes_are_padded_with_their_edge():
    torch.manual_seed(0)
    net = UNet3(2, 4).eval()
    image = torch.randn(1, 2, 13, 8)
    padded = torch.cat([image, image[:, :, -1:].expand(-1, -1, 3, -1)], dim=2)
    with torch.no_grad():
        torch.testing.assert_close(net(image)[-1], net(padded)[-1][:, :, :13])


@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
def test_receptive_field_is_what_gradients_reach(upsampling):
    net = UNet3(1, 2, upsampling=upsampling).double().eval()
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.uniform_(module.weight, 0.1, 1)
    net.pool = nn.AvgPool2d(2)  # max pooling hides three of four paths
    reach = 0
    for pixel in range(80, 88):
        image = torch.rand(1, 1, 8, 168, dtype=torch.float64, requires_grad=True)
        net(image)[-1][..., pixel].sum().backward()
        touched = image.grad.abs().sum((0, 1, 2)).nonzero().flatten()
        reach = max(reach, pixel - int(touched.min()), int(touched.max()) - pixel)
    assert net.receptive_field == 2 * reach + 1


def test_resizing_repeats_pixels_and_convolves():
    torch.manual_seed(0)
    up = UNet3(2, 4, upsampling="resize").up[0]
    features = torch.randn(1, 32, 3, 5)
    repeated = features.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    by_hand = nn.functional.conv2d(repeated, up[1].weight, up[1].bias, padding=1)
    torch.testing.assert_close(up(features), by_hand)


def test_unknown_upsampling_is_refused():
    with pytest.raises(UserError, match=r"backbone\.upsampling: is 'deconv'"):
        UNet3(upsampling="deconv")


def test_he_normal_initialisation():
    net = MODELS.build(dict(type="UNet3", base_channels=32))
    net.init_weights()
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            weight = module.weight.detach()
            fan_in = weight[0].numel()
            deviation = (2 / fan_in) ** 0.5
            assert float(weight.std()) == pytest.approx(deviation, rel=0.1)
            # A normal distribution has tails; a uniform one ends at 1.7 deviations.
            assert weight.abs().max() > 2.5 * deviation
            assert module.bias is None or not module.bias.any()


def test_there_is_no_dropout():
    assert not any(isinstance(m, nn.Dropout | nn.Dropout2d) for m in UNet3().modules())
