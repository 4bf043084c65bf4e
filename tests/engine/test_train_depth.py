"""Every shipped depth config, on tiny data in its data set's own layout."""

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmext.datasets.depth.structural_maps import StructuralNote
from mmext.engine.build_config import load_config
from mmext.engine.scoring import test_checkpoint as score_checkpoint
from mmext.engine.train import train
from mmext.engine.work_dir import latest_checkpoint
from mmext.errors import UserError
from mmext.inference.checkpoint import load_model
from mmext.synthetic.thermal import SequenceSpec, render_sequence
from mmext.synthetic.thermal.writing import SceneFolderWriter

from .conftest import CONFIGS

DEPTH = CONFIGS / "depth"
SHIPPED = sorted(p for p in DEPTH.rglob("*.py") if "_base_" not in p.parts)
DEMO = DEPTH / "demo" / "all.py"
FRAMES = 4
ABLATIONS = {
    "all": set(),
    "no_silog": {"silog"},
    "no_smooth": {"smooth"},
    "no_consistency": {"consistency"},
    "no_smooth_no_consistency": {"smooth", "consistency"},
}


pytestmark = pytest.mark.usefixtures("quiet")


def write(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, array)
    else:
        assert cv2.imwrite(str(path), array)


def write_structure(folder, names, frames, space):
    for name, frame in zip(names, frames, strict=True):
        values = frame.structural if space == "inverse_depth" else frame.exact_depth
        write(folder / f"{name}.npy", values)
    StructuralNote(space, metric=False, teacher="none", sha256="").write(folder)


def write_folder(root, frames):
    writer = SceneFolderWriter(root)
    for split in ("train", "test"):
        for number, frame in enumerate(frames):
            writer.add(f"room_{split}", split, number, frame)
    writer.finish({})


def write_mm5(root, frames):
    names = [str(100 + number) for number in range(len(frames))]
    for name, frame in zip(names, frames, strict=True):
        write(root / "Thermal" / f"{name}.png", frame.thermal)
        write(root / "Depth" / f"{name}.png", millimetres(frame.depth / 4))
        write(root / "RGB" / f"{name}.jpg", frame.rgb)
        write(root / "Class_Annotations" / f"{name}.png", frame.labels)
    for split in ("train", "eval"):
        (root / f"{split}_dataset.csv").write_text("\n".join(["ID", *names]))
    write_structure(root / "structural", names, frames, "depth")


def millimetres(depth):
    return np.rint(1000 * depth).astype(np.uint16)


def write_ms2(root, frames):
    names = [f"{number:06d}" for number in range(len(frames))]
    for name, frame in zip(names, frames, strict=True):
        write(root / "sync_data/one/thr/img_left" / f"{name}.png", frame.thermal)
        depth = np.rint(256 * frame.depth).astype(np.uint16)
        write(root / "proj_depth/one/thr/depth_filtered" / f"{name}.png", depth)
    for name in ("train", "val", "test_day", "test_night", "test_rainy"):
        # Three test lists in one set must not name a sequence twice.
        lines = "# none\n" if name in ("test_night", "test_rainy") else "one\n"
        (root / f"{name}_list.txt").write_text(lines)
    write_structure(
        root / "structural", [f"one/{n}" for n in names], frames, "inverse_depth"
    )


def write_vivid(root, frames):
    names = [f"{number:03d}" for number in range(len(frames))]
    for name, frame in zip(names, frames, strict=True):
        write(root / "one" / "Thermal" / f"{name}.png", frame.thermal)
        write(root / "one" / "Depth_T" / f"{name}.npy", frame.depth)
    for split in ("train", "val", "test"):
        (root / f"{split}_indoor.txt").write_text("one\n")
    write_structure(
        root / "structural", [f"one/{n}" for n in names], frames, "inverse_depth"
    )


WRITERS = {
    "FolderDepthDataset": write_folder,
    "MM5Dataset": write_mm5,
    "MS2Dataset": write_ms2,
    "ViViDDataset": write_vivid,
}


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    frames = list(render_sequence(SequenceSpec("indoor", 0, FRAMES, 32, 48)))
    found = {}
    for name, writer in WRITERS.items():
        found[name] = tmp_path_factory.mktemp(name)
        writer(found[name], frames)
    return found


NARROW = {
    "UNet3": {"backbone.base_channels": 4},
    "ResNetV1c": {
        "backbone.stem_channels": 4,
        "backbone.base_channels": 4,
        "decode_head.head.channels": 4,
    },
    "MixVisionTransformer": {
        "backbone.embed_dims": 4,
        "backbone.num_layers": [1, 1, 1, 1],
        "decode_head.head.channels": 4,
    },
}


def tiny_options(path, roots, **changes):
    """``--cfg-options`` that bring a shipped config down to one tiny epoch."""
    config = load_config(path)
    kind = config.train_dataloader.dataset.type
    options = {
        "epoch_scale": 1e-3,
        **{
            f"model.{key}": value
            for key, value in NARROW[config.model.backbone.type].items()
        },
    }
    for part in ("train", "val", "test"):
        loader = f"{part}_dataloader"
        options[f"{loader}.dataset.root"] = str(roots[kind])
        options[f"{loader}.batch_size"] = 2
        options[f"{loader}.num_workers"] = 0
        if kind == "MS2Dataset" and part == "test":
            options[f"{loader}.dataset.lists"] = "test_day_list.txt"
        if part == "train" and kind != "FolderDepthDataset":
            options[f"{loader}.dataset.structural"] = str(roots[kind] / "structural")
    return {**options, **changes}


def history(work_dir):
    lines = (Path(work_dir) / "history.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_the_five_configurations_are_there_at_every_size():
    for folder in (DEPTH, DEPTH / "demo", DEPTH / "mm5"):
        assert {path.stem for path in folder.glob("*.py")} >= set(ABLATIONS)


@pytest.mark.parametrize("folder", ["", "demo", "mm5"])
def test_an_ablation_changes_nothing_else(folder):
    whole = load_config(DEPTH / folder / "all.py").to_dict()
    for name, absent in ABLATIONS.items():
        config = load_config(DEPTH / folder / f"{name}.py").to_dict()
        losses = config["model"]["decode_head"]["losses"]
        assert {key for key, loss in losses.items() if loss is None} == absent
        for key in absent:
            losses[key] = whole["model"]["decode_head"]["losses"][key]
        assert config == whole


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: str(p.relative_to(DEPTH)))
def test_every_shipped_config_trains(path, tmp_path, roots):
    work_dir = tmp_path / path.stem
    train(path, work_dir, tiny_options(path, roots))
    [line] = history(work_dir)
    found = {key.removeprefix("decode.loss_") for key in line["loss"]}
    terms = {"structure", "edge", "abs_rel", "silog", "smooth", "consistency"}
    expected = terms - ABLATIONS.get(path.stem, set())
    assert found == expected | {"sum", "mean"}
    assert all(math.isfinite(value) for value in line["loss"].values())
    [split] = {"val", "test"} & set(line)
    assert 0 < line[split]["all"]["abs_rel"] < math.inf
    assert line[split]["all_median"]["images"] >= 1
    record = json.loads((work_dir / "run.json").read_text())
    assert record["state"] == "finished" and record["store_fingerprint"]


def test_scoring_repeats_the_last_validation(tmp_path, roots):
    options = tiny_options(DEMO, roots)
    train(DEMO, tmp_path, options)
    metrics = score_checkpoint(DEMO, latest_checkpoint(tmp_path), options=options)
    expected = history(tmp_path)[-1]["test"]
    for pixels, scores in expected.items():
        for name, value in scores.items():
            # JSON has no NaN, which says that an untrained map has no edge, for one.
            known = math.nan if value is None else value
            found = metrics[f"test/{pixels}.{name}"]
            assert found == pytest.approx(known, nan_ok=True)
    pixel_sets = {"all", "all_median", "object", "object_median"}
    assert set(expected) == pixel_sets | {"metric", "structural"}
    assert (tmp_path / "test_metrics.json").is_file()


def test_the_checkpoint_knows_its_range_and_normalisation(tmp_path, roots):
    train(DEMO, tmp_path, tiny_options(DEMO, roots))
    loaded = load_model(latest_checkpoint(tmp_path), kind="DepthEstimator")
    assert loaded.model.depth_range == (0.5, 12.0)
    assert loaded.model.structural_space == "inverse_depth"
    assert loaded.store["normalisation"] == dict(type="percentile", low=1, high=99)


def test_a_resumed_run_is_the_run_that_was_never_killed(tmp_path, roots):
    options = tiny_options(
        DEMO,
        roots,
        **{"epoch_scale": 0.1, "default_hooks.checkpoint.interval": 10},
        **{"default_hooks.checkpoint.max_keep_ckpts": -1},
    )
    train(DEMO, tmp_path / "straight", options)
    train(DEMO, tmp_path / "killed", options)
    (tmp_path / "killed" / "epoch_4.pth").unlink()
    train(DEMO, tmp_path / "killed", options, resume=True)
    lines = [history(tmp_path / name) for name in ("straight", "killed")]
    for line in (*lines[0], *lines[1]):
        del line["seconds"]
    assert [line["epoch"] for line in lines[0]] == [1, 2, 3, 4]
    assert lines[0] == lines[1]
    # The cosine ends with the training, however long that is.
    assert lines[0][-1]["lr"] < 0.3 * lines[0][0]["lr"]


def test_structure_of_the_wrong_space_is_one_line(tmp_path, roots):
    options = tiny_options(
        DEMO, roots, **{"model.decode_head.structural_space": "depth"}
    )
    with pytest.raises(UserError, match="structural maps are inverse_depth") as caught:
        train(DEMO, tmp_path, options)
    assert "\n" not in str(caught.value)


def test_training_without_structure_is_one_line(tmp_path, roots):
    pipeline = [
        step
        for step in load_config(DEMO).train_dataloader.dataset.pipeline
        if step["type"] != "LoadStructural"
    ]
    options = tiny_options(
        DEMO, roots, **{"train_dataloader.dataset.pipeline": pipeline}
    )
    with pytest.raises(UserError, match=r"has no LoadStructural, .* losses structure"):
        train(DEMO, tmp_path, options)
