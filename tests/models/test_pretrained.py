"""A part's first weights: all of them, or one line."""

import pytest
import torch
from mmengine.model import BaseModule
from torch import nn

import mmext.inference.checkpoint  # noqa: F401 # how files are opened in commands
from mmext.errors import UserError


class Part(BaseModule):
    def __init__(self, width, **init_cfg):
        super().__init__(init_cfg=dict(type="Pretrained", **init_cfg))
        self.layer = nn.Conv2d(3, width, 1)
        self.norm = nn.BatchNorm2d(width)


@pytest.fixture
def file(tmp_path):
    def save(change=lambda weights: None, prefix=""):
        torch.manual_seed(3)
        weights = {
            f"{prefix}{name}": torch.rand_like(item.float())
            for name, item in Part(4, checkpoint="").state_dict().items()
        }
        change(weights)
        torch.save(dict(state_dict=weights), tmp_path / "first.pth")
        return str(tmp_path / "first.pth"), weights

    return save


@pytest.mark.parametrize("prefix", ["", "module.", "backbone."])
def test_all_are_taken_and_more_is_left(file, prefix):
    path, weights = file(lambda w: w.update(fc=torch.ones(1)), prefix)
    own = dict(prefix=prefix) if prefix == "backbone." else {}
    part = Part(4, checkpoint=path, **own)
    part.init_weights()
    assert torch.equal(part.layer.weight, weights[f"{prefix}layer.weight"])
    assert torch.equal(part.norm.running_var, weights[f"{prefix}norm.running_var"])


def test_none_may_be_missing_unless_asked_for(file):
    path, weights = file(lambda w: w.pop("layer.bias"))
    with pytest.raises(UserError, match=r"1 are missing \(layer.bias\)") as caught:
        Part(4, checkpoint=path).init_weights()
    assert "\n" not in str(caught.value)
    part = Part(4, checkpoint=path, partially=True)
    part.init_weights()
    assert torch.equal(part.layer.weight, weights["layer.weight"])


def test_another_width_is_one_line(file):
    path, _ = file()
    with pytest.raises(UserError, match=r"6 don't fit \(size mismatch") as caught:
        Part(5, checkpoint=path).init_weights()
    assert "\n" not in str(caught.value)


def test_a_part_of_a_whole_models_file_is_pointed_to(file):
    path, weights = file(prefix="backbone.")
    with pytest.raises(UserError, match=r"init_cfg.prefix='backbone.' takes") as caught:
        Part(4, checkpoint=path).init_weights()
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match=r"no weights named encoder\.…"):
        Part(4, checkpoint=path, prefix="encoder").init_weights()
    part = Part(4, checkpoint=path, prefix="backbone")
    part.init_weights()
    assert torch.equal(part.layer.bias, weights["backbone.layer.bias"])


@pytest.mark.parametrize("container", ["state_dict", "model", None])
def test_weights_lie_in_files_as_libraries_put_them(tmp_path, container):
    weights = Part(4, checkpoint="").state_dict()
    content = weights if container is None else {container: weights, "epoch": 3}
    torch.save(content, tmp_path / "first.pth")
    part = Part(4, checkpoint=str(tmp_path / "first.pth"))
    part.init_weights()
    assert torch.equal(part.layer.weight, weights["layer.weight"])


def test_safetensors_are_read(tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    weights = Part(4, checkpoint="").state_dict()
    safetensors.save_file(weights, tmp_path / "first.safetensors")
    part = Part(4, checkpoint=str(tmp_path / "first.safetensors"))
    part.init_weights()
    assert torch.equal(part.layer.weight, weights["layer.weight"])
    (tmp_path / "first.safetensors").write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"first\.safetensors: no weights"):
        part = Part(4, checkpoint=str(tmp_path / "first.safetensors")).init_weights()


class Payload:
    def __reduce__(self):
        return (print, ("executed",))


def test_a_pickle_that_would_run_is_refused(tmp_path, capsys):
    torch.save({"state_dict": Payload()}, tmp_path / "first.pth")
    with pytest.raises(UserError, match="damaged, or not a checkpoint"):
        Part(4, checkpoint=str(tmp_path / "first.pth")).init_weights()
    assert "executed" not in capsys.readouterr().out
