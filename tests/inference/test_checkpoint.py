"""Checkpoints are data: what fits is loaded whole, nothing in them is run."""

import sys

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmext.errors import UserError
from mmext.inference.checkpoint import load_model, load_weights, read_checkpoint
from mmext.inference.config_data import plain_config
from mmext.inference.depth import DepthPredictor
from mmext.registry import MODELS
from mmext.reporting.runs import Run
from tests.depth_checkpoint import depth_config, write_depth_checkpoint
from tests.small_models import small_segmentor


def model_config(width: int = 2, channels: tuple[str, ...] = ("target",)) -> dict:
    return small_segmentor(channels, width=width, mean=100.0, std=9.0)


@pytest.fixture
def content() -> dict:
    """What a training writes, whole and right."""
    with DefaultScope.overwrite_default_scope("mmext"):
        model = MODELS.build(model_config())
    meta = dict(cfg=plain_config(Config(dict(model=model_config()))), epoch=3, iter=9)
    return dict(meta=meta, state_dict=model.state_dict())


@pytest.fixture
def save(tmp_path, content):
    def save(**changes):
        torch.save({**content, **changes}, tmp_path / "epoch_3.pth")
        return tmp_path / "epoch_3.pth"

    return save


class Planted:
    """Touches a file when it is unpickled."""

    def __init__(self, marker):
        self.marker = str(marker)

    def __reduce__(self):
        return (open, (self.marker, "w"))


def test_a_checkpoint_gives_its_model_back(save, content):
    loaded = load_model(save())
    assert loaded.epoch == 3
    for name, weight in loaded.model.state_dict().items():
        assert torch.equal(weight, content["state_dict"][name])


def test_a_config_written_as_python_text_is_read(save, content):
    text = Config(dict(model=model_config())).pretty_text
    loaded = load_model(save(meta=dict(cfg=text, epoch=3)))
    assert loaded.config.model.to_dict() == model_config()


def test_the_prefix_of_distribution_is_dropped(save, content):
    wrapped = {f"module.{key}": item for key, item in content["state_dict"].items()}
    assert load_model(save(state_dict=wrapped)).epoch == 3


@pytest.mark.parametrize(
    "change, expected",
    [
        (lambda s: s.pop("decode_head.head.conv_seg.bias"), "1 are missing"),
        (lambda s: s.update(a=torch.ones(2)), r"1 have no place \(a\)"),
        (
            lambda s: s.update({"decode_head.head.conv_seg.bias": torch.ones(2)}),
            r"1 of \d+ have another shape \(.*bias is 2, expected 1\)",
        ),
        (lambda s: s.clear(), r"\d+ are missing"),
        (lambda s: s.update({"decode_head.head.conv_seg.bias": 3}), "no tensor"),
    ],
)
def test_weights_of_another_model_are_one_line(save, content, change, expected):
    weights = dict(content["state_dict"])
    change(weights)
    with pytest.raises(UserError, match=expected) as caught:
        load_model(save(state_dict=weights))
    assert "epoch_3.pth: its weights are another model's" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_weights_of_other_bands_are_another_models(content):
    # Only what begins with weights from elsewhere adapts them (first_convolution).
    four = model_config()
    four["backbone"]["in_channels"] = 4
    with DefaultScope.overwrite_default_scope("mmext"):
        model = MODELS.build(four)
    with pytest.raises(UserError, match=r"weight is \d+×3×3×3, expected \d+×4×3×3"):
        load_weights(model, content["state_dict"], "epoch_3.pth")


@pytest.mark.parametrize(
    "meta, expected",
    [
        (None, "has no 'meta'"),
        ({}, "carries no config"),
        (dict(cfg=3), "carries no config"),
        (dict(cfg={}), "describes no model"),
        (dict(cfg=dict(model=dict(type="BinarySegmentor"))), "can't be built"),
        (dict(cfg=dict(model=dict(type="os.system"))), "registered component"),
        (
            dict(cfg=dict(model={**model_config(), "decoder": dict(type="x.y")})),
            r"model.decoder.type: is 'x.y'",
        ),
        (
            dict(
                cfg=dict(
                    model={
                        **model_config(),
                        "decoder": dict(type="UnionDecoder", threshold=dict(fog=0.5)),
                    }
                )
            ),
            "fog",
        ),
    ],
)
def test_configs_that_describe_no_model_are_one_line(save, meta, expected):
    with pytest.raises(UserError, match=expected) as caught:
        load_model(save(meta=meta))
    assert "\n" not in str(caught.value)


def test_a_depth_checkpoint_is_no_segmentors_and_the_reverse(save, tmp_path):
    depth = write_depth_checkpoint(tmp_path / "depth.pth", depth_config())
    with pytest.raises(UserError, match=r"a DepthEstimator.*'mmext depth predict'"):
        load_model(depth)
    with pytest.raises(UserError, match=r"a BinarySegmentor.*'mmext predict'"):
        DepthPredictor(save())


def test_planted_code_is_not_run(save, tmp_path, content):
    """In the config's text, as a component, as a module to import, as an object."""
    marker = tmp_path / "ran"
    text = (
        f"open({str(marker)!r}, 'w')\n{Config(dict(model=model_config())).pretty_text}"
    )
    call = dict(type="pathlib.Path.touch", self=str(marker))
    parts = [
        dict(meta=dict(cfg=text)),
        dict(meta=dict(cfg=dict(model=dict(call)))),
        dict(meta=dict(cfg=dict(model={**model_config(), "neck": call}))),
        dict(meta=dict(cfg=Planted(marker))),
        dict(state_dict=dict(a=Planted(marker))),
        dict(message_hub=dict(runtime_info=dict(a=Planted(marker)))),
        dict(error_accumulation=Planted(marker)),
    ]
    for changes in parts:
        with pytest.raises(UserError):
            load_model(save(**changes))
        assert not marker.exists(), changes
    imports = dict(custom_imports=dict(imports=["antigravity"]), model=model_config())
    load_model(save(meta=dict(cfg=imports)))
    assert "antigravity" not in sys.modules


def test_a_depth_checkpoints_pipeline_is_not_run(tmp_path):
    config = depth_config([dict(type="os.mkdir", path=str(tmp_path / "ran"))])
    path = write_depth_checkpoint(tmp_path / "depth.pth", config)
    with pytest.raises(UserError, match=r"'os.mkdir', expected a registered component"):
        DepthPredictor(path)
    assert not (tmp_path / "ran").exists()


def test_a_work_directorys_config_is_not_run(tmp_path):
    run = Run(tmp_path, {"config": "case"}, [])
    (tmp_path / "case.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\na = 1\n")
    with pytest.raises(UserError, match="it is not executed"):
        run.read_config()
    assert not (tmp_path / "ran").exists()


def test_own_components_are_imported_by_name(save, tmp_path, monkeypatch):
    (tmp_path / "own_parts.py").write_text(
        "from mmext.models import UNet3\n"
        "from mmext.registry import MODELS\n\n"
        "@MODELS.register_module(force=True)\n"
        "class OwnNet(UNet3):\n    pass\n"
    )
    config = model_config()
    config["backbone"]["type"] = "OwnNet"
    path = save(meta=dict(cfg=dict(model=config)))
    with pytest.raises(
        UserError, match=r"'OwnNet', expected a registered.*MMEXT_IMPORTS"
    ):
        load_model(path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("MMEXT_IMPORTS", "own_parts")
    assert type(load_model(path).model.backbone).__name__ == "OwnNet"
    monkeypatch.setenv("MMEXT_IMPORTS", "no_such_module")
    with pytest.raises(UserError, match=r"MMEXT_IMPORTS.*no_such_module"):
        load_model(path)


def test_not_a_checkpoint(tmp_path):
    torch.save([1], tmp_path / "list.pth")
    with pytest.raises(UserError, match="holds a list"):
        read_checkpoint(tmp_path / "list.pth")
    torch.save(dict(a=1), tmp_path / "dict.pth")
    with pytest.raises(UserError, match="has no 'state_dict'"):
        read_checkpoint(tmp_path / "dict.pth")
    with pytest.raises(UserError, match="can't be read"):
        read_checkpoint(tmp_path)
