"""The network as torch runs it: folded, and as exact as before."""

import copy

import pytest
import torch
from torch import nn

from mmext.errors import UserError
from mmext.inference.backends.choose import open_predictor
from mmext.inference.backends.eager import eager_predictor
from mmext.inference.folding import folded_copy
from tests.mapping.test_predict_scenes import load


@pytest.fixture
def loaded():
    """A model whose batch norms do something."""
    loaded = load()
    for module in loaded.model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values, low, high in (
                (module.running_mean, -0.5, 0.5),
                (module.running_var, 0.5, 2),
                (module.weight.data, 0.5, 1.5),
                (module.bias.data, -0.5, 0.5),
            ):
                values.uniform_(low, high)
    return loaded


def test_folding_changes_nothing_but_the_norms(loaded):
    before = copy.deepcopy(loaded.model.state_dict())
    image = torch.rand(1, 3, 75, 40) * 255
    with torch.inference_mode():
        expected = loaded.model.probabilities(image)
    found = eager_predictor(loaded).probabilities(image)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    folded = folded_copy(loaded.model, bands=3)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in folded.modules())
    after = loaded.model.state_dict()
    assert all(torch.equal(after[key], value) for key, value in before.items())


def test_norms_that_run_in_another_order_are_not_folded(loaded, capsys):
    """A norm listed after a convolution, but run before it."""

    class NormFirst(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)
            self.norm = nn.BatchNorm2d(3)
            self.norm.running_mean.fill_(1.0)
            self.norm.running_var.fill_(4.0)

        def forward(self, image):
            return self.conv(self.norm(image))

    loaded.model.backbone.encoder[0].insert(0, NormFirst().eval())
    image = torch.rand(1, 3, 40, 40) * 255
    with torch.inference_mode():
        expected = loaded.model.probabilities(image)
    found = eager_predictor(loaded).probabilities(image)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
    assert "its batch norms can't be folded" in capsys.readouterr().out


def test_16_bits_need_a_gpu(loaded, tmp_path):
    with pytest.raises(UserError, match="--precision: is bf16 on cpu, expected a CUDA"):
        eager_predictor(loaded, precision="bf16")
    with pytest.raises(UserError, match="exported models expect fp32"):
        open_predictor(tmp_path / "model.onnx", "onnxruntime", precision="fp16")


def test_16_bits_on_a_gpu(loaded):
    if not torch.cuda.is_available():
        pytest.skip("no GPU")
    image = torch.rand(1, 3, 64, 64) * 255
    expected = eager_predictor(loaded).probabilities(image)
    loaded.model.cuda()
    for precision in ("bf16", "fp16"):
        found = eager_predictor(loaded, precision=precision).probabilities(image)
        torch.testing.assert_close(found, expected, atol=0.05, rtol=0)
