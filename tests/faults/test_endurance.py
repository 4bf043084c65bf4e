"""Long runs neither gather memory nor leave files open."""

import functools
import gc
import resource
from pathlib import Path

import numpy as np
from mmengine.hooks import Hook

from mmext.engine.train import train
from mmext.inference.backends import open_predictor
from mmext.inference.prediction_settings import PredictionSettings
from mmext.mapping import many_scenes, sheet_task
from mmext.registry import HOOKS

from .isolated import in_own_process
from .readers import CONFIG, make_folder, training_options, write_raster


def usage() -> tuple[int, int]:
    """Bytes in memory and open file descriptors."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize(), len(list(Path("/proc/self/fd").iterdir()))


def assert_flat(samples: list[tuple[int, int]], megabytes: float) -> None:
    """The last quarter takes no more than the second did."""
    quarter = len(samples) // 4
    early, late = np.array(samples[quarter : 2 * quarter]), np.array(samples[-quarter:])
    memory = (np.median(late[:, 0]) - np.median(early[:, 0])) / 1e6
    assert memory < megabytes, f"{memory:.1f} MB more"
    assert np.median(late[:, 1]) <= np.median(early[:, 1]), "files stay open"


@HOOKS.register_module(force=True)
class UsageHook(Hook):
    """Notes memory and open files after every epoch."""

    samples: list[tuple[int, int]] = []  # noqa: RUF012 - read by the test

    def after_train_epoch(self, runner) -> None:
        self.samples.append(usage())


def test_many_epochs(tmp_path, make_store, long):
    epochs = 2000 if long else 24
    store = make_store(tmp_path / "store", tiles=4, positive=2)
    UsageHook.samples.clear()
    options = {
        **training_options(store),
        "epoch_scale": 1.0,
        "train_cfg.max_epochs": epochs,
        "train_cfg.val_interval": 10,
        "default_hooks.error_accumulation.begin": 2,
        "default_hooks.error_accumulation.snapshots": (),
        "default_hooks.usage": dict(type="UsageHook"),
        "log_level": "ERROR",
    }
    train(CONFIG, tmp_path / "run", options)
    assert len(UsageHook.samples) == epochs
    assert_flat(UsageHook.samples, megabytes=30)


def test_many_sheets(tmp_path, long):
    in_own_process(
        functools.partial(map_sheets, tmp_path, 1000 if long else 16), seconds=3600
    )


def map_sheets(tmp_path, number):
    model = make_folder(tmp_path / "model") / "run" / "epoch_2.pth"
    rng = np.random.default_rng(0)
    sheets = []
    for index in range(number):
        sheets.append(tmp_path / f"sheet_{index}.tif")
        write_raster(sheets[-1], rng.integers(0, 255, (3, 64, 64)).astype(np.uint8))
    samples = []

    def mapped(*arguments, **settings):
        samples.append(usage())
        return predict_scene(*arguments, **settings)

    predict_scene = sheet_task.predict_scene
    sheet_task.predict_scene = mapped
    predictor = open_predictor(model, "eager", "cpu", 128, "fp32")
    settings = PredictionSettings(window=128)
    assert (
        many_scenes.predict_scenes(predictor, sheets, tmp_path / "map", settings) == []
    )
    assert len(samples) == number
    assert_flat(samples, megabytes=30)
