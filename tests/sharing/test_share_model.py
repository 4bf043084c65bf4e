"""A model's folder goes wherever its checkpoint goes, and says what it is."""

import json
import re
import shutil
import stat

import numpy as np
import pytest
import rasterio
import torch

from mmext.cli.app import run
from mmext.engine.work_dir import ScoreRecord, write_test_record
from mmext.errors import UserError
from mmext.fileio import sha256_of
from mmext.inference.checkpoint import load_model, read_checkpoint
from mmext.inference.model_folder import CONFIG, RECORD, WEIGHTS
from mmext.sharing import share_model
from tests.depth_checkpoint import depth_config, write_depth_checkpoint
from tests.sharing.shared import write_run

pytest.importorskip("safetensors")
pytestmark = pytest.mark.usefixtures("quiet")
FILES = {"README.md", "config.py", "item.json", "model.json", "model.safetensors"}
FIT = dict(store="data/val", fingerprint="f", candidates=7, iou=0.6, iou_before=0.5)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory, make_store):
    folder = tmp_path_factory.mktemp("run")
    return write_run(folder / "stage2_A", make_store(folder / "train"))


@pytest.fixture(scope="module")
def folder(checkpoint, tmp_path_factory):
    out = tmp_path_factory.mktemp("shared") / "dead_trees"
    share_model(checkpoint, out)
    return out


def scene(write_raster):
    image = np.random.default_rng(0).integers(0, 256, (3, 90, 140), np.uint8)
    return write_raster("s.tif", image, crs="EPSG:5186", pixel=1.0)


def card(folder):
    return (folder / "README.md").read_text()


def test_it_holds_what_the_checkpoint_holds(checkpoint, folder):
    assert {path.name for path in folder.iterdir()} == FILES
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert len(modes) == 1
    expected, found = read_checkpoint(checkpoint), read_checkpoint(folder)
    assert found["meta"]["cfg"] == expected["meta"]["cfg"]
    assert found["meta"]["cfg"]["a_tuple"] == (1, (2.5, None))
    for key in ("epoch", "iter", "time"):
        assert found["meta"][key] == expected["meta"][key]
    assert list(expected["state_dict"]) and set(found["state_dict"]) == set(
        expected["state_dict"]
    )
    for name, weight in expected["state_dict"].items():
        assert torch.equal(found["state_dict"][name], weight)
        assert found["state_dict"][name].dtype == weight.dtype


def test_it_maps_bit_by_bit_as_the_checkpoint(
    checkpoint, folder, write_raster, tmp_path
):
    image = scene(write_raster)
    maps = []
    for number, model in enumerate((checkpoint, folder)):
        out = tmp_path / str(number)
        run(["predict", str(model), str(image), "--out", str(out), "--float"])
        with rasterio.open(out / "s_probability.tif") as raster:
            maps.append(raster.read())
    assert np.ptp(maps[0]) > 0
    np.testing.assert_array_equal(*maps)


def test_it_is_exported_as_the_checkpoint_is(checkpoint, folder, tmp_path):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    out = tmp_path / "m.onnx"
    run(["export", str(folder), "--out", str(out)])
    from mmext.inference.backends.onnx_file import read_onnx

    _, description = read_onnx(out)
    assert description.checkpoint == folder.name
    assert description.sha256 == sha256_of(folder / RECORD)
    assert description.decoder["threshold"] == 0.45


def test_a_decision_is_fitted_to_it_as_to_the_checkpoint(folder, make_store, tmp_path):
    own = tmp_path / "mine"
    shutil.copytree(folder, own)
    store = make_store(tmp_path / "val", seed=4)
    run(["fit-decision", str(own), "--store", str(store)])
    fitted = load_model(tmp_path / "mine_decided.pth")
    assert fitted.model.union_decoder.settings["mode"]
    again = tmp_path / "again"
    share_model(tmp_path / "mine_decided.pth", again)
    decided = load_model(again).model.union_decoder
    assert decided.settings == fitted.model.union_decoder.settings


def test_the_card_says_what_was_measured_on_what(checkpoint, folder):
    text = card(folder)
    assert text.startswith("---\nlicense: unknown\n")
    line = (
        "| val | scored after epoch 3 of the training | target | union, > 0.45 | "
        "0.410 | 0.500 | 0.700 | 0.580 |"
    )
    assert text.count("scored after epoch") == 2 and line in text
    assert "| union, objects | union, > 0.45 |  | 0.100 | 0.800 |  |" in text
    assert "| seed | 5 |" in text and "Licence\n\nUnknown." in text
    assert "IoU is \\| 0.5 &lt;b>" in text
    assert re.search(r"\bundecided\b", text)
    assert not re.search(r"\btest, by mmext test\b", text)


def test_scores_of_another_state_are_not_the_cards(make_store, tmp_path):
    store = make_store(tmp_path / "train")
    average = dict(of=[["a", 1, 1], ["b", 1, 1]], decay=None)
    checkpoint = write_run(tmp_path / "run", store, average=average, decision=FIT)
    record = ScoreRecord(
        checkpoint="epoch_3.pth",
        sha256="0" * 64,
        store="data/test",
        decoder=dict(type="UnionDecoder", mode="touching", confident=0.9),
        tta=True,
        metrics={"test/union.iou": 0.123, "test/union.recall": 0.3, "test/loss": 2},
    )
    write_test_record(checkpoint.parent, record)
    share_model(checkpoint, tmp_path / "a")
    text = card(tmp_path / "a")
    assert "scored after epoch" not in text and "0.123" not in text
    assert "the best of 7 decisions was chosen on it" in text
    assert "| weights | average of 2 checkpoints |" in text
    record["sha256"] = sha256_of(checkpoint)
    write_test_record(checkpoint.parent, record)
    share_model(checkpoint, tmp_path / "b")
    assert (
        "| test | test, by mmext test | union | touching, > 0.5, confident > 0.9, mean "
        "over mirror images | 0.123 |  | 0.300 |  |"
    ) in card(tmp_path / "b")


def test_damaged_files_of_the_run_are_said_and_left_out(make_store, tmp_path, capsys):
    checkpoint = write_run(tmp_path / "run", make_store(tmp_path / "train"))
    (checkpoint.parent / "history.jsonl").write_text("{")
    (checkpoint.parent / "run.json").write_text("[]")
    (checkpoint.parent / "test_record.json").write_text("{}")
    share_model(checkpoint, tmp_path / "out")
    said = capsys.readouterr().out
    assert said.count("left out of the model card") == 3
    assert "None were found beside the checkpoint." in card(tmp_path / "out")


def test_the_item_is_a_stac_item(checkpoint, folder):
    pystac = pytest.importorskip("pystac")
    pytest.importorskip("jsonschema")
    text = json.loads((folder / "item.json").read_text())
    item = pystac.Item.from_dict(text)
    assert item.to_dict(include_self_link=False, transform_hrefs=False) == text
    # pystac brings the core's schema along; those of extensions it would fetch.
    core = pystac.Item.from_dict(text | {"stac_extensions": []})
    assert core.validate()
    properties = item.properties
    model = load_model(checkpoint).model
    expected = sum(parameter.numel() for parameter in model.parameters())
    assert properties["mlm:total_parameters"] == expected
    [given] = properties["mlm:input"]
    assert [scale["mean"] for scale in given["value_scaling"]] == [100.0] * 3
    # The extension's schema demands this of named bands.
    assert [band["name"] for band in properties["bands"]] == given["bands"]
    asset = item.assets["model"]
    assert asset.extra_fields["file:checksum"] == "1220" + sha256_of(folder / WEIGHTS)
    assert asset.extra_fields["bands"] == properties["bands"]
    for found in item.assets.values():
        assert (folder / found.href).is_file()
    west, south, east, north = item.bbox
    assert 124 < west < east < 132 and 32 < south < north < 43  # EPSG:5186 is Korea's


def test_the_item_holds_to_the_extensions_own_model(folder):
    schema = pytest.importorskip("stac_model.schema", reason="stac-model is not there")
    properties = json.loads((folder / "item.json").read_text())["properties"]
    found = schema.MLModelProperties.model_validate(properties)
    assert found.tasks == {"semantic-segmentation"}
    assert [c.to_dict()["name"] for c in found.output[0].classes] == [
        "background",
        "target",
    ]
    with pytest.raises(ValueError):
        schema.MLModelProperties.model_validate(properties | {"mlm:tasks": ["x"]})


def test_without_the_store_the_item_has_no_place(make_store, tmp_path):
    store = make_store(tmp_path / "train")
    checkpoint = write_run(tmp_path / "run", store)
    shutil.rmtree(store)
    share_model(checkpoint, tmp_path / "out")
    item = json.loads((tmp_path / "out" / "item.json").read_text())
    assert item["geometry"] is None and "bbox" not in item


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: flip_a_byte(f / WEIGHTS), "model.safetensors: damaged or changed"),
        (lambda f: flip_a_byte(f / CONFIG), "config.py: damaged or changed"),
        (lambda f: (f / WEIGHTS).unlink(), "model.safetensors: can't be read"),
        (lambda f: (f / RECORD).write_text("{}"), "model.json.format: missing"),
        (lambda f: (f / RECORD).write_text("{"), "model.json: damaged, not JSON"),
    ],
)
def test_a_damaged_folder_is_one_line(folder, tmp_path, change, message):
    own = tmp_path / "own"
    shutil.copytree(folder, own)
    change(own)
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        load_model(own)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.system('touch {path}')\n",
        "model = __import__('os').system('touch {path}')\n",
        "model = dict(type='os.system', command='touch {path}')\n",
    ],
)
def test_nothing_in_it_is_executed(folder, tmp_path, code):
    own, trace = tmp_path / "own", tmp_path / "trace"
    shutil.copytree(folder, own)
    (own / CONFIG).write_text(code.format(path=trace))
    record = json.loads((own / RECORD).read_text())
    record["sha256"][CONFIG] = sha256_of(own / CONFIG)
    (own / RECORD).write_text(json.dumps(record))
    with pytest.raises(UserError, match=r"no list of plain values|registered"):
        load_model(own)
    assert not trace.exists()


def test_weights_that_are_none_are_one_line(folder, tmp_path):
    own = tmp_path / "own"
    shutil.copytree(folder, own)
    torch.save({"a": torch.zeros(1)}, own / WEIGHTS)
    record = json.loads((own / RECORD).read_text())
    record["sha256"][WEIGHTS] = sha256_of(own / WEIGHTS)
    (own / RECORD).write_text(json.dumps(record))
    with pytest.raises(UserError, match=r"model\.safetensors: no weights"):
        load_model(own)


def test_what_is_there_is_not_overwritten_unless_asked(checkpoint, folder, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("x")
    for overwrite in (False, True):
        with pytest.raises(UserError, match="is there and no model's folder"):
            share_model(checkpoint, out, overwrite)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]
    model = tmp_path / "model"
    shutil.copytree(folder, model)
    (model / "README.md").write_text("mine")
    with pytest.raises(UserError, match="is there; --overwrite replaces it"):
        share_model(checkpoint, model)
    assert card(model) == "mine"
    share_model(checkpoint, model, overwrite=True)
    assert card(model) != "mine"


def test_it_appears_whole_or_not_at_all(checkpoint, tmp_path, monkeypatch):
    def fails(*arguments):
        raise OSError(5, "broken")

    monkeypatch.setattr("mmext.sharing.folder.stac_item", fails)
    with pytest.raises(OSError, match="broken"):
        share_model(checkpoint, tmp_path / "out")
    assert not [*tmp_path.iterdir()]


def test_refusals(checkpoint, folder, tmp_path):
    with pytest.raises(UserError, match="is a model's folder, expected a checkpoint"):
        share_model(folder, tmp_path / "out")
    depth = write_depth_checkpoint(tmp_path / "depth.pth", depth_config())
    with pytest.raises(UserError, match="is of a DepthEstimator"):
        share_model(depth, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    for arguments, message in (
        (["--to", "folder", "--check", str(tmp_path)], "given with --to folder"),
        (["--overwrite"], "given without --to folder"),
        (["--push-to-hub", "a/b"], "given without --to folder"),
    ):
        with pytest.raises(UserError, match=message):
            run(["export", str(checkpoint), "--out", str(tmp_path / "o"), *arguments])
    with pytest.raises(UserError, match="expected a file, not a folder"):
        run(["export", str(checkpoint), "--out", str(tmp_path)])
    with pytest.raises(UserError, match=r"CHECKPOINT: .* folder that holds a model"):
        run(["predict", str(tmp_path), "x.tif", "--out", str(tmp_path / "o")])
