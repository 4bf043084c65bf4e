from pathlib import Path

import pytest

from mmext.engine.build_config import default_work_dir, load_config
from mmext.errors import UserError

from .conftest import CONFIGS

SHIPPED = sorted(
    p for p in CONFIGS.rglob("*.py") if not {"_base_", "studies"} & {*p.parts}
)
TRUNK = CONFIGS / "stage1_trunk.py"


def test_there_are_configs_to_check():
    names = {path.stem for path in SHIPPED}
    assert {"stage1_trunk", "stage2_B100-300", "focal_tversky"} <= names


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: str(p.relative_to(CONFIGS)))
def test_every_shipped_config_is_valid(path):
    if path.parent.name in ("manet", "unetplusplus"):
        pytest.importorskip("segmentation_models_pytorch", exc_type=ImportError)
    config = load_config(path)
    assert config.train_cfg.max_epochs >= 1


def test_the_papers_settings():
    """METHOD, Table 1 and section II.4, as the config states them."""
    config = load_config(TRUNK)
    assert config.optim_wrapper.optimizer == dict(
        type="Adam", lr=1e-3, betas=(0.9, 0.999), eps=1e-8, fused=True
    )
    assert config.train_dataloader.batch_size == 48
    assert config.train_dataloader.sampler.positive_threshold == 0.001
    assert tuple(config.train_dataloader.sampler.ratio) == (2, 1)
    assert config.model.backbone.base_channels == 64
    hook = config.default_hooks.error_accumulation
    assert (hook.begin, hook.passes_per_epoch) == (100, 3)
    assert config.train_cfg.max_epochs == 200


@pytest.mark.parametrize(
    "name, lineage, epochs",
    [
        ("stage1_A", ("stage1_trunk", 200, "branch"), 250),
        ("stage1_B", ("stage1_trunk", 200, "branch"), 300),
        ("stage2_A100-200", ("stage1_trunk", 200, "bank"), 400),
        ("stage2_A100-250", ("stage1_A", 250, "bank"), 400),
        ("stage2_B100-250", ("stage1_B", 250, "bank"), 400),
        ("stage2_B100-300", ("stage1_B", 300, "bank"), 400),
    ],
)
def test_the_papers_lineage(name, lineage, epochs):
    config = load_config(CONFIGS / f"{name}.py")
    found = config.lineage
    assert (found.parent, found.epoch, found.use) == lineage
    assert config.train_cfg.max_epochs == epochs


@pytest.mark.parametrize(
    "options, message",
    [
        ({"model.backbone.base_chanels": 8}, "base_chanels: unknown key, did you mean"),
        ({"model.backbone.type": "UNet4"}, "no model is called 'UNet4', did you mean"),
        ({"train_dataloader.batchsize": 8}, "batchsize: unknown key, did you mean ba"),
        ({"train_dataloader.sampler.ratios": 1}, "ratios: unknown key, did you mean"),
        ({"train_cfg.max_epoch": 3}, "max_epoch: unknown key, did you mean max_epochs"),
        ({"randomness.sead": 3}, "sead: unknown key, did you mean seed"),
        (
            {"default_hooks.history.stages": 3},
            "stages: unknown key, did you mean stage",
        ),
        ({"default_hooks.acumulation.counts": True}, "has no type, so this config"),
        ({"modle.type": "x"}, "the config has no 'modle'"),
    ],
)
def test_what_nobody_reads_is_refused(options, message):
    with pytest.raises(UserError, match=message):
        load_config(TRUNK, options)


def test_a_misspelt_setting_in_a_file_is_refused(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("train_dataloder = dict(batch_size=1)\n")
    with pytest.raises(UserError, match="did you mean train_dataloader"):
        load_config(path)


def test_files_that_are_no_configs(tmp_path):
    with pytest.raises(UserError, match="no such config"):
        load_config(tmp_path / "absent.py")
    broken = tmp_path / "broken.py"
    broken.write_text("model = dict(\n")
    with pytest.raises(UserError, match="not a valid config"):
        load_config(broken)


def test_work_dirs_follow_the_configs():
    assert default_work_dir(Path("configs/demo/stage1_A.py")) == Path(
        "work_dirs/demo/stage1_A"
    )
    assert default_work_dir(Path("/elsewhere/mine.py")) == Path("work_dirs/mine")
