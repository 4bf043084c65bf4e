"""Values of another type or range, by key."""

import copy
import math

import pytest
from mmengine.config import Config
from mmseg.utils import register_all_modules

from mmext import registry
from mmext.checked import checked
from mmext.engine.build_config import load_config
from mmext.engine.config_check import check_config
from mmext.engine.config_types import _hints
from mmext.errors import UserError

from .conftest import CONFIGS

TRUNK = CONFIGS / "stage1_trunk.py"
DEPTH = CONFIGS / "depth" / "demo" / "all.py"
FOCAL = {"model.decode_head.loss.type": "BinaryFocalLoss"}
NO_NUMBER = ("3", None, [], math.nan)
COUNTS = (0, -1, 2.5, *NO_NUMBER)
SHARES = (-0.1, 1.1, *NO_NUMBER)

WRONG = {
    "train_cfg.max_epochs": COUNTS,
    "train_cfg.val_interval": COUNTS,
    "train_cfg.val_begin": COUNTS,
    "train_dataloader": (3, "x", []),
    "train_dataloader.batch_size": COUNTS,
    "train_dataloader.num_workers": (-1, *NO_NUMBER),
    "train_dataloader.persistent_workers": ("no", 2),
    "train_dataloader.dataset.store": (3, [], None),
    "train_dataloader.dataset.pipeline": (3, "x", [3]),
    "train_dataloader.dataset.indices": ("all", 3, [-1], [0.5]),
    "train_dataloader.dataset.folds": (3, [3], {"number": -1, "held_out": 0}),
    "train_dataloader.sampler.positive_threshold": SHARES,
    "train_dataloader.sampler.ratio": (2, [2], [2, 1, 1], [2, -1], ["a", 1], "21"),
    "train_dataloader.sampler.seed": (-1, "3", 0.5),
    "optim_wrapper.optimizer.lr": (0, -1, "3", [], math.nan),
    "optim_wrapper.optimizer.weight_decay": (-1, "3", math.inf),
    "optim_wrapper.optimizer.betas": (0.9, [0.9], [0.9, 1.0], [-0.1, 0.9]),
    "optim_wrapper.accumulative_counts": COUNTS,
    "epoch_scale": (0, -1, *NO_NUMBER),
    "randomness.seed": (-1, "3", 0.5),
    "default_hooks": (3, [], "x"),
    "default_hooks.history": (3, "x"),
    "default_hooks.history.stage": (3, "1"),
    "default_hooks.logger.interval": COUNTS,
    "default_hooks.checkpoint.interval": COUNTS,
    "default_hooks.checkpoint.max_keep_ckpts": (-2, "3", 1.5),
    "default_hooks.error_accumulation.begin": (
        "soon",
        -1,
        0.5,
        None,
        {"_delete_": True, "iou": 1},
    ),
    "default_hooks.error_accumulation.passes_per_epoch": COUNTS,
    "default_hooks.error_accumulation.snapshots": (200, [0], ["a"], "200"),
    "default_hooks.error_accumulation.counts": ("yes", 1, None),
    "model": (3, "x", []),
    "model.type": (3, []),
    "model.backbone.base_channels": COUNTS,
    "model.backbone.in_channels": COUNTS,
    "model.data_preprocessor.mean": ("store", 3, ["a"], [math.nan]),
    "model.data_preprocessor.std": ("store", 3, [0], [-1]),
    "model.decode_head.channels": ("target", 3, [3]),
    "model.decode_head.error_weight": (-1, *NO_NUMBER),
    "model.decode_head.head.channels": COUNTS,
    "model.decode_head.head.dropout_ratio": SHARES,
    "model.decode_head.loss.loss_weight": (-1, *NO_NUMBER),
    "model.decoder.mode": ("both", 3, None),
    "model.decoder.threshold": (*SHARES[:-2], {"_delete_": True, "target": 2}),
    "model.decoder.confident": SHARES,
    "val_evaluator": (3, "x", [3]),
    "val_evaluator.min_cover": (0, *SHARES),
    "val_evaluator.min_pixels": COUNTS,
    "log_processor.by_epoch": ("yes", 3),
}
WRONG_DEPTH = {
    "train_dataloader.dataset.depth_scale": (0, -1, *NO_NUMBER),
    "train_dataloader.dataset.root": (3, None),
    "model.decode_head.min_depth": (0, -1, *NO_NUMBER),
    "model.decode_head.structural_space": ("disparity", 3),
    "model.decode_head.losses": (3, "x", [3]),
    "model.decode_head.losses.silog.silog_lambda": SHARES,
    "model.decode_head.losses.edge.sharpness": (-1, *NO_NUMBER),
    "model.decode_head.losses.structure.scales": COUNTS,
    "val_evaluator.max_depth": (0, *NO_NUMBER),
    "val_evaluator.average": ("median", 3),
    "val_evaluator.crop": (3, [2, 0, 0, 0]),
    "param_scheduler.0.T_max": (0, "3", 0.5),
    "param_scheduler.0.begin": (-1, "3", 0.5),
    "optim_wrapper.clip_grad.max_norm": (0, -1, "3"),
}
CASES = [
    *((TRUNK, key, value) for key, values in WRONG.items() for value in values),
    *((DEPTH, key, value) for key, values in WRONG_DEPTH.items() for value in values),
]


@pytest.fixture(scope="module")
def read():
    configs = {path: Config.fromfile(str(path)) for path in (TRUNK, DEPTH)}
    return lambda path: copy.deepcopy(configs[path])


@pytest.mark.parametrize("path, key, value", CASES)
def test_a_wrong_value_is_one_line_that_names_its_key(read, path, key, value):
    config = read(path)
    config.merge_from_dict({key: value})
    with pytest.raises(UserError) as caught:
        check_config(config)
    line = str(caught.value)
    assert "\n" not in line
    assert line.replace("[0]", ".0").startswith(key)


def test_what_belongs_to_another_component_is_checked_there():
    for key, value in (("gamma", -1), ("alpha", 2)):
        with pytest.raises(UserError, match=f"loss.{key}: is {value}, expected"):
            load_config(TRUNK, {**FOCAL, f"model.decode_head.loss.{key}": value})
    assert load_config(TRUNK, {**FOCAL, "model.decode_head.loss.gamma": 0})


def test_a_branch_needs_a_seed():
    with pytest.raises(UserError, match=r"randomness.seed: is None"):
        load_config(CONFIGS / "stage1_A.py", {"randomness.seed": None})
    load_config(TRUNK, {"randomness.seed": None})


def test_a_missing_argument_is_one_line(tmp_path):
    path = tmp_path / "mine.py"
    variant = "error_variant=dict(type='MinimumCount')"
    path.write_text(
        f"_base_ = {str(CONFIGS / 'stage2_B100-300.py')!r}\n"
        f"train_dataloader = dict(dataset=dict({variant}))\n"
    )
    with pytest.raises(UserError, match=r"error_variant.share: missing"):
        load_config(path)


def ours():
    register_all_modules(init_default_scope=False)
    for registered in vars(registry).values():
        if isinstance(registered, registry.Registry):
            registered.import_from_location()
            for name, component in registered.module_dict.items():
                if component.__module__.startswith("mmext."):
                    yield name, component


def test_every_component_of_ours_states_usable_hints():
    found = dict(ours())
    assert {"UNet3", "PositiveTileSampler", "SILogLoss", "LoadDepth"} <= set(found)
    for name, component in found.items():
        for argument, kind in _hints(component).items():
            # Whether it fits or not: a hint that pydantic can't read raises.
            try:
                checked(kind, object(), f"{name}.{argument}")
            except UserError:
                continue
            assert "Any" in str(kind) or kind is object, (name, argument)


def test_every_number_of_ours_has_a_range():
    bare = [
        f"{name}.{argument}"
        for name, component in ours()
        for argument, kind in _hints(component).items()
        if kind in (int, float, int | None, float | None)
        and argument not in ("ignore_index", "worker_id")
    ]
    assert bare == []
