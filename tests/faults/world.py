"""A folder with one of everything that commands read, whole and otherwise."""

import json
import pickle
import shutil
from pathlib import Path

import cv2
import geopandas
import numpy as np
import rasterio
import torch
from shapely.geometry import box

from mmext.cli.app import run

from ..depth_checkpoint import depth_config, write_depth_checkpoint

ROOT = Path(__file__).resolve().parents[2]
_TINY = f"""
_base_ = {str(ROOT / "configs/demo/stage1_trunk.py")!r}
epoch_scale = 0.02
model = dict(backbone=dict(base_channels=2))
train_dataloader = dict(batch_size=3, dataset=dict(store='store'))
val_dataloader = dict(batch_size=3, dataset=dict(store='store'))
test_dataloader = val_dataloader
default_hooks = dict(error_accumulation=dict(counts=True))
"""
_CONFIGS = {
    "tiny.py": _TINY,
    "pretraining.py": f"_base_ = {str(ROOT / 'configs/pretraining/unet3.py')!r}\n",
    "raises.py": "raise RuntimeError('not today')\n",
    "divides.py": "a = 1 / 0\n",
    "syntax.py": "model = dict(\n",
    "empty.py": "",
    "statements.py": "1\n2\n",
    "exits.py": "import sys\nsys.exit(0)\n",
    "missing_base.py": "_base_ = './nowhere.py'\n",
    "own_base.py": "_base_ = './own_base.py'\n",
    "unknown_import.py": "import nobody_has_this\n",
    "own_parent.py": _TINY + "lineage = dict(parent='own_parent', epoch=1, use='bank')",
    "lost_parent.py": _TINY + "lineage = dict(parent='nobody', epoch=1, use='bank')",
    "late_parent.py": _TINY + "lineage = dict(parent='tiny', epoch=999, use='branch')",
    "odd_use.py": _TINY + "lineage = dict(parent='tiny', epoch=100, use='borrow')",
    "text_epoch.py": _TINY + "lineage = dict(parent='tiny', epoch='x', use='branch')",
    "text_lineage.py": _TINY + "lineage = 'tiny'",
    "number_parent.py": _TINY + "lineage = dict(parent=5, epoch=100, use='branch')",
    "text_hooks.py": "default_hooks = 'all'\nmodel = dict(type='UNet3')\n",
    "ring_a.py": _TINY + "lineage = dict(parent='ring_b', epoch=100, use='branch')",
    "ring_b.py": _TINY + "lineage = dict(parent='ring_a', epoch=100, use='branch')",
    "no_model.py": "train_dataloader = dict(batch_size=1)\n",
    "study_empty.py": "arms = []\n",
    "study_typo.py": "stroes = dict(train='store')\n",
}


def make_world(folder: Path, make_store) -> Path:
    """Fill a folder.

    ``tiny.py`` with its finished training in ``work``, a store, scenes with labels, a
    depth checkpoint, and for each kind of file some that are damaged or of another
    kind.
    """
    make_store(folder / "store", tiles=8, positive=4)
    make_store(folder / "store4", tiles=8, positive=4, bands=4)
    for name, text in _CONFIGS.items():
        (folder / name).write_text(text)
    _scenes(folder)
    (folder / "empty").touch()
    (folder / "folder").mkdir()
    (folder / "unpaired").mkdir()
    (folder / "unpaired" / "other.png").write_bytes((folder / "grey.png").read_bytes())
    for name in ("text.tif", "text.pth", "text.onnx", "text.gpkg", "text.npz"):
        (folder / name).write_text("just words\n")
    (folder / "text.csv").write_text("a,b\n1,2\n")
    (folder / "list.txt").write_text("nowhere.tif\n")
    (folder / "split.csv").write_text("file,split\nscene.tif,train\n")
    (folder / "notes.geojson").write_text(json.dumps({"type": "Nothing"}))
    with (folder / "code.npy").open("wb") as file:
        np.save(file, np.array([{"a": print}], object), allow_pickle=True)
    with (folder / "code.pth").open("wb") as file:
        pickle.dump({"state_dict": print}, file)
    write_depth_checkpoint(folder / "depth.pth", depth_config())
    run(["train", str(folder / "tiny.py"), "--work-dir", str(folder / "work" / "tiny")])
    checkpoint = torch.load(folder / "work/tiny/epoch_4.pth", weights_only=True)
    torch.save(checkpoint["state_dict"], folder / "bare.pth")
    torch.save({**checkpoint, "meta": {}}, folder / "no_meta.pth")
    whole = (folder / "work/tiny/epoch_4.pth").read_bytes()
    (folder / "torn.pth").write_bytes(whole[: len(whole) // 2])
    return folder


def _scenes(folder: Path) -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 200, (3, 64, 64), np.uint8)
    mask = np.zeros((1, 64, 64), np.uint8)
    mask[0, 10:30, 10:30] = 1
    profile = dict(driver="GTiff", height=64, width=64, crs="EPSG:5186")
    transform = rasterio.Affine(1, 0, 200_000, 0, -1, 500_000)
    for name, pixels in (
        ("scene.tif", image),
        ("mask.tif", mask),
        ("four.tif", np.concatenate([image, mask])),
        ("complex.tif", mask.astype(np.complex64)),
    ):
        with rasterio.open(
            folder / name,
            "w",
            count=len(pixels),
            dtype=pixels.dtype,
            transform=transform,
            **profile,
        ) as raster:
            raster.write(pixels)
    squares = [box(200_010, 499_970, 200_030, 499_990)]
    fields = geopandas.GeoDataFrame(
        {"crop": ["ginseng"]}, geometry=squares, crs="EPSG:5186"
    )
    fields.to_file(folder / "fields.gpkg")
    fields.iloc[:0].to_file(folder / "nothing.gpkg")
    cv2.imwrite(str(folder / "grey.png"), mask[0] * 200)
    cv2.imwrite(str(folder / "colour.png"), image.transpose(1, 2, 0))


def tidy(folder: Path, before: dict[str, tuple[int, int]]) -> None:
    """Remove what was not there before."""
    for name in reversed(list(listing(folder).keys() - before.keys())):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of everything below a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        time = 0 if path.is_dir() else state.st_mtime_ns
        found[str(path.relative_to(folder))] = (
            0 if path.is_dir() else state.st_size,
            time,
        )
    return found
