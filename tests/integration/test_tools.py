"""The tools, run one after another as a user runs them, at the smallest size."""

import json

import geopandas
import numpy as np
import pandas
import pytest
import rasterio

from mmext.structures import load_bank

from .commands import ROOT, at_once, run, tool

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Scenes and stores, made by the tools."""
    folder = tmp_path_factory.mktemp("job")
    for name, region, seed in (("train", "gyeonggi", 0), ("test", "jeolla", 1)):
        tool(
            *("make_scenes", "--out", folder, "--name", name, "--region", region),
            *("--size", 320, 256, "--seed", seed),
        )
        result = tool(
            *("prepare_tiles", folder / f"{name}.tif"),
            *("--labels", folder / f"{name}_fields.gpkg"),
            *("--label-where", "crop = 'ginseng'"),
            *("--tile-size", 64, "--out", folder / "stores" / name),
        )
        assert "20 tiles" in result.stdout
        assert (folder / "stores" / name / "preview.png").stat().st_size > 10_000
    return folder


@pytest.fixture(scope="module")
def options(folder):
    stores = folder / "stores"
    return [
        "--cfg-options",
        "epoch_scale=0.02",
        "model.backbone.base_channels=4",
        f"train_dataloader.dataset.store={stores / 'train'}",
        f"val_dataloader.dataset.store={stores / 'test'}",
        f"test_dataloader.dataset.store={stores / 'test'}",
    ]


@pytest.fixture(scope="module")
def trained(folder, options):
    """Both stages, trained by one command."""
    work_dir = folder / "runs" / "stage2_A100-200"
    config = "configs/demo/stage2_A100-200.py"
    tool("train", config, "--with-parents", "--work-dir", work_dir, *options)
    return work_dir


def test_the_work_directory(trained):
    lines = (trained / "history.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["epoch"] == 8
    assert (trained / "epoch_8.pth").is_file()
    assert (trained / "stage2_A100-200.py").is_file()
    assert json.loads((trained / "run.json").read_text())["state"] == "finished"
    assert (trained.parent / "stage1_trunk" / "error_bank_epoch_4.npz").is_file()


def test_a_second_call_goes_past_what_is_finished(trained, options):
    before = (trained / "epoch_8.pth").stat().st_mtime_ns
    config = "configs/demo/stage2_A100-200.py"
    arguments = ("--with-parents", "--resume", "--work-dir", trained, *options)
    result = tool("train", config, *arguments)
    assert "left as it is" in result.stdout
    assert (trained / "epoch_8.pth").stat().st_mtime_ns == before


def test_the_test_tool_repeats_the_last_validation(trained, options):
    config = "configs/demo/stage2_A100-200.py"
    tool("test", config, trained / "epoch_8.pth", *options)
    metrics = json.loads((trained / "test_metrics.json").read_text())
    line = json.loads((trained / "history.jsonl").read_text().splitlines()[-1])
    for channel in ("target", "error", "union"):
        for count in ("tp", "fp", "fn", "tn"):
            assert metrics[f"test/{channel}.{count}"] == line["test"][channel][count]


def test_the_map(folder, trained):
    out = folder / "map"
    tool(
        *("predict_scene", trained / "epoch_8.pth", folder / "test.tif"),
        *("--out", out, "--window", 160, "--device", "cpu"),
    )
    with rasterio.open(folder / "test.tif") as scene:
        crs, transform, shape = scene.crs, scene.transform, scene.shape
    for name, bands in (("class", 1), ("probability", 2)):
        with rasterio.open(out / f"test_{name}.tif") as raster:
            assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert (raster.crs, raster.transform, raster.shape) == (
                crs,
                transform,
                shape,
            )
            assert raster.count == bands and raster.nodata == 255
    with rasterio.open(out / "test_class.tif") as raster:
        codes = raster.read(1)
        assert raster.colormap(1)[2] == (226, 26, 28, 255)
    table = geopandas.read_file(out / "test.gpkg", layer="fields")
    assert table.crs == crs
    # A pixel is a sixteenth of a square metre; the projection's scale is near 1.
    assert table.area.sum() == pytest.approx((codes > 0).sum() / 16)
    np.testing.assert_allclose(table["area_m2"], table.area, rtol=2e-3, atol=0.01)
    styles = geopandas.read_file(out / "test.gpkg", layer="layer_styles")
    assert styles["f_table_name"].tolist() == ["fields"]


def test_the_report(folder, trained):
    result = tool("report", trained.parent, "--out", folder / "report")
    assert "report.html: written" in result.stdout
    figures = {p.stem for p in (folder / "report" / "figures").glob("*.png")}
    assert {"iou", "cfdr", "precision_recall", "error_tiles", "map_test"} <= figures


def test_the_maps_evaluation(folder, trained):
    out = folder / "map"
    tool("predict_scene", trained / "epoch_8.pth", folder / "test.tif", "--out", out)
    truth = folder / "test_fields.gpkg"
    for name in ("test_class.tif", "test.gpkg"):
        evaluation = folder / f"evaluation_{name}"
        tool(
            *("evaluate_map", out / name, "--labels", truth),
            *("--out", evaluation),
        )
        objects = pandas.read_csv(evaluation / "objects.csv")
        assert objects["true_objects"].tolist() == [len(geopandas.read_file(truth))]
        assert (evaluation / "objects.gpkg").is_file()


def test_an_exported_model_maps_the_same(folder, trained):
    pytest.importorskip("onnxruntime")
    model = folder / "model.onnx"
    result = tool("export_onnx", trained / "epoch_8.pth", "--out", model)
    assert "differs from torch by at most" in result.stdout
    classes = []
    for name, backend in ((trained / "epoch_8.pth", "eager"), (model, "onnxruntime")):
        out = folder / backend
        arguments = ("--out", out, "--backend", backend)
        result = tool("predict_scene", name, folder / "test.tif", *arguments)
        assert f"with {backend}" in result.stdout
        with rasterio.open(out / "test_class.tif") as raster:
            classes.append(raster.read(1))
    assert (classes[0] != classes[1]).mean() < 1e-4


def test_averaged_weights_go_wherever_a_checkpoint_goes(folder, trained):
    pytest.importorskip("onnxruntime")
    average, config = folder / "average.pth", trained / "stage2_A100-200.py"
    result = tool("average", trained, "--last", 40, "--ema", 0.9, "--out", average)
    assert "average of 2 checkpoints, epochs 7 to 8" in result.stdout
    tool("test", config, average, "--out", folder / "averaged")
    scores = json.loads((folder / "averaged" / "test_metrics.json").read_text())
    assert scores["test/union.tp"] + scores["test/union.fn"] > 0
    tool("predict_scene", average, folder / "test.tif", "--out", folder / "averaged")
    model = folder / "average.onnx"
    assert "differs" in tool("export_onnx", average, "--out", model).stdout
    own = trained / "epoch_8.pth"
    before = own.stat().st_mtime_ns
    for arguments, message in (
        (("--out", own), "epoch_8.pth: is a name of the run's own files"),
        (("--last", 1, "--out", average), "keeps 1 checkpoint of its last 1 epochs"),
        (("--ema", 1, "--out", average), "--ema: is 1.0, expected less than 1"),
    ):
        result = tool("average", trained, *arguments, ok=False)
        assert result.returncode == 2 and message in result.stderr
    assert own.stat().st_mtime_ns == before


def test_an_exported_model_of_8_bits_says_so(folder, trained):
    pytest.importorskip("onnxruntime")
    model, store = folder / "int8.onnx", folder / "stores" / "train"
    options = ("--int8", store, "--tiles", 4, "--check", store)
    result = tool("export_onnx", trained / "epoch_8.pth", "--out", model, *options)
    assert "int8 (4 tiles of " in result.stdout
    assert f"{store} with onnxruntime: IoU 0." in result.stdout
    arguments = ("--out", folder / "int8", "--backend", "onnxruntime")
    result = tool("predict_scene", model, folder / "test.tif", *arguments)
    assert "with onnxruntime, int8 (4 tiles of " in result.stdout


def test_an_export_for_qgis_says_what_plugins_read(folder, trained):
    pytest.importorskip("onnxruntime")
    model, store = folder / "qgis.onnx", folder / "stores" / "train"
    options = ("--out", model, "--to", "qgis")
    checkpoint = trained / "epoch_8.pth"
    result = tool("export_onnx", checkpoint, *options, "--check", store)
    assert 'plugins read model_type "Segmentor", class_names' in result.stdout
    assert "0 of the pixels decided otherwise" in result.stdout
    arguments = ("--out", folder / "qgis", "--backend", "onnxruntime")
    tool("predict_scene", model, folder / "test.tif", *arguments)
    with rasterio.open(folder / "qgis" / "test_class.tif") as raster:
        assert set(np.unique(raster.read(1))) <= {0, 1, 255}
    result = tool("export_onnx", checkpoint, *options, "--int8", store, ok=False)
    assert result.returncode == 2 and "--int8: given with --to qgis" in result.stderr


def test_where_it_was_wrong_and_which_labels_to_look_at(folder, options):
    work_dir = folder / "counted" / "stage1_trunk"
    counts = "default_hooks.error_accumulation.counts=True"
    config = "configs/demo/stage1_trunk.py"
    tool("train", config, "--work-dir", work_dir, *options, counts)
    bank, store = work_dir / "error_bank_epoch_4.npz", folder / "stores" / "train"
    tool("error_atlas", bank, "--store", store, "--out", folder / "atlas")
    with rasterio.open(folder / "atlas" / "train_errors.tif") as raster:
        counted = raster.read()
    loaded = load_bank(bank)
    expected = sum(int(loaded.counts(t)["fn_count"].sum()) for t in range(len(loaded)))
    assert counted[0][counted[0] < 65535].sum() == expected
    review, labels = folder / "review.gpkg", folder / "train_fields.gpkg"
    tool(
        *("review_labels", bank, work_dir / "epoch_4.pth", "--store", store),
        *("--labels", labels, "--out", review),
    )
    table = geopandas.read_file(review, layer="candidates")
    assert table["score"].is_monotonic_decreasing and "verdict" in table
    assert (table.loc[table["kind"] != "missing target", "labels"] != "").all()
    corrected = folder / "corrected.gpkg"
    apply = ("review_labels", "--apply", review, "--labels", labels, "--out", corrected)
    tool(*apply)
    # Nothing was accepted, so nothing has changed.
    assert len(geopandas.read_file(corrected)) == len(geopandas.read_file(labels))
    again = tool(*apply, ok=False)
    assert again.stderr.startswith(f"error: {corrected}: exists, expected a new file")
    said = tool(*apply, "--overwrite").stdout
    assert "0 added, 0 dropped, 0 outlined anew" in said


def test_two_processes_train_as_a_user_starts_them(folder, options):
    work_dir = folder / "two" / "stage1_trunk"
    run(
        *("tools/dist_train.sh", "configs/demo/stage1_trunk.py", 2),
        *("--work-dir", work_dir, *options),
        PORT="29617",
        **at_once(),
    )
    record = json.loads((work_dir / "run.json").read_text())
    assert (record["processes"], record["state"]) == (2, "finished")
    bank = load_bank(work_dir / "error_bank_epoch_4.npz")
    line = json.loads((work_dir / "history.jsonl").read_text().splitlines()[-1])
    assert line["cfdr"]["total"] == bank.meta["cfdr"]
    # All of the training set was scored, each tile once.
    counts = line["train"]["target"]
    assert sum(counts[k] for k in ("tp", "fp", "fn", "tn")) == bank.meta["valid_pixels"]
    # Where the processes met to score.
    assert not (ROOT / ".dist_test").exists()
    assert not list(work_dir.glob(".results_of_processes"))


def test_mistakes_are_one_line(folder, tmp_path):
    for name, arguments, message in (
        ("train", ["configs/absent.py"], "expected an existing file"),
        (
            "train",
            [
                *("configs/demo/stage1_trunk.py", "--work-dir", tmp_path / "w"),
                *("--cfg-options", "train_dataloader.dataset.store=nowhere"),
            ],
            "nowhere: not a tile store",
        ),
        (
            "prepare_tiles",
            ["none.tif", "--masks", tmp_path, "--out", tmp_path / "s"],
            "none.tif: no image there",
        ),
        (
            "predict_scene",
            ["none.pth", "none.tif", "--out", tmp_path],
            "CHECKPOINT: is 'none.pth', expected an existing file",
        ),
        (
            "report",
            [tmp_path / "none", "--out", tmp_path / "r"],
            "expected an existing folder",
        ),
    ):
        result = tool(name, *arguments, ok=False)
        [line] = [x for x in result.stderr.splitlines() if x.startswith("error: ")]
        assert message in line
        assert "Traceback" not in result.stderr


def test_an_image_folder(tmp_path, shared_data):
    source = shared_data / "dead_trees"
    result = tool(
        *("prepare_tiles", source / "images", "--masks", source / "masks"),
        *("--split-csv", source / "splits.csv", "--split", "val"),
        *("--tile-size", 128, "--out", tmp_path / "val"),
    )
    assert "255 is target" in result.stdout
    meta = json.loads((tmp_path / "val" / "store.json").read_text())
    assert len(meta["scenes"]) == 35 and meta["crs"] is None


def test_real_orthophotos_with_labels_in_another_crs(tmp_path, shared_data):
    source = shared_data / "zanzibar_buildings"
    tool(
        *("prepare_tiles", source / "test_ortho.tif"),
        *("--labels", source / "buildings.geojson"),
        *("--tile-size", 128, "--out", tmp_path / "test"),
    )
    meta = json.loads((tmp_path / "test" / "store.json").read_text())
    assert meta["num_tiles"] == 28 * 8
    # data/README.md gives about 12.3 %.
    assert meta["positive_share"] == pytest.approx(0.123, abs=0.001)


def test_a_fitted_decision_goes_into_maps(folder, trained):
    decided = folder / "decided.pth"
    stores = folder / "stores"
    said = tool("fit_decision", trained, "--store", stores / "test", "--out", decided)
    first, second, *warnings = said.stdout.splitlines()
    assert "as it decided before (union, threshold 0.5" in first
    assert second.startswith(f"{decided}: IoU ") and "candidates" in second
    assert any("is also the test store" in line for line in warnings)
    before, after = (
        float(line.split("IoU ")[1].split()[0]) for line in (first, second)
    )
    assert after >= before
    tool("predict_scene", decided, folder / "test.tif", "--out", folder / "fitted")
    with rasterio.open(folder / "fitted" / "test_class.tif") as mapped:
        assert mapped.read(1).size
    arguments = (trained, "--store", stores / "train", "--out", decided)
    refused = tool("fit_decision", *arguments, ok=False)
    assert refused.returncode == 2
    assert "was trained on, expected another" in refused.stderr
