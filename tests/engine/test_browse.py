"""What a training is shown, as pictures."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mmext.datasets.tile_store import TileStore
from mmext.engine.browse import browse
from mmext.engine.train import train
from mmext.errors import UserError

from .conftest import CONFIGS

GAP = 2
TRUNK, CASE = (CONFIGS / f"{name}.py" for name in ("stage1_trunk", "stage2_A100-200"))
AUGMENTED = {
    "train_dataloader.dataset.pipeline": [
        dict(type="LoadTile"),
        dict(type="RandomFlip", prob=0.5, direction=["horizontal", "vertical"]),
        dict(type="RandomRot90"),
        dict(type="PackTileInputs"),
    ]
}


def cells(path, columns, size=16):
    picture = np.asarray(Image.open(path))
    assert picture.shape[1] == columns * size + (columns - 1) * GAP
    step = size + GAP
    return [
        [picture[r : r + size, c * step : c * step + size] for c in range(columns)]
        for r in range(0, len(picture), step)
    ]


@pytest.mark.parametrize("collate", ["mmext.collate_tiles", "pseudo_collate"])
def test_image_and_label_move_together(collate, tmp_path, tiny_options):
    options = tiny_options(**AUGMENTED, **{"train_dataloader.collate_fn.type": collate})
    pictures = browse(TRUNK, tmp_path / "out", options, samples=6)
    assert [path.name for path in pictures] == ["train_00.png"]
    table = pd.read_csv(tmp_path / "out" / "samples.csv")
    store = TileStore(options["train_dataloader.dataset.store"])
    rows = [row for path in pictures for row in cells(path, 2)]
    assert len(rows) == len(table) == 6
    moved = 0
    for (image, label), tile in zip(rows, table["tile_id"], strict=True):
        images = np.asarray(store.images[tile])
        target = np.asarray(store.masks[tile]) == 1
        poses = [
            np.rot90(np.flip(pair, axis=1) if flip else pair, turn)
            for pair in [np.dstack([images, target[..., None]])]
            for flip in (False, True)
            for turn in range(4)
        ]
        shown = np.dstack([image, (label == 255).all(-1)])
        assert any(np.array_equal(shown, pose) for pose in poses)
        moved += not np.array_equal(shown, poses[0])
    assert moved
    assert not (tmp_path / "work_dirs").exists()


def test_a_second_stage_shows_its_errors(tmp_path, tiny_options, capsys):
    options = tiny_options()
    run = tmp_path / "stage2_A100-200"
    browse(CASE, tmp_path / "before", options, work_dir=run)
    assert "not there yet, so there is no error mask" in capsys.readouterr().out
    cells(tmp_path / "before" / "train_00.png", 2)
    train(TRUNK, tmp_path / "stage1_trunk", options)
    browse(CASE, tmp_path / "after", options, work_dir=run)
    rows = cells(tmp_path / "after" / "train_00.png", 3)
    for _, label, error in rows:
        missed = (error == (213, 94, 0)).all(-1)
        assert (label[missed] == 255).all()
    assert any(error.any() for *_, error in rows)
    assert not run.exists()


def test_other_splits(tmp_path, tiny_options):
    browse(TRUNK, tmp_path, tiny_options(), split="val", samples=3)
    assert len(cells(tmp_path / "val_00.png", 2)) == 3
    with pytest.raises(UserError, match="has no odd_dataloader"):
        browse(TRUNK, tmp_path, tiny_options(), split="odd")
