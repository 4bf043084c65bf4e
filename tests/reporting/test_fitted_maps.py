"""What a decision has on a store, the map of the store's scene has."""

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
import torch
from scipy import ndimage

from mmext.cli.app import run as command
from mmext.datasets.tile_store import TileStore
from mmext.evaluation.answers import Answers
from mmext.evaluation.confusion import Confusion, confusion
from mmext.evaluation.scored_objects import scored_objects
from mmext.inference.checkpoint import load_model, read_checkpoint
from mmext.inference.fitted_decision import (
    DecisionRecord,
    fitted_decision,
    write_decided,
)
from mmext.inference.prediction_dump import dump_predictions, load_predictions
from mmext.models import UnionDecoder
from mmext.reporting import fitting_decision

SIDE = 150


@pytest.fixture
def checkpoint(whole_experiment, tmp_path):
    """Two channels that see what is bright, and know their training store."""
    path = whole_experiment("exp") / "stage2_A100-200" / "epoch_8.pth"
    content = read_checkpoint(path)
    store = TileStore(tmp_path / "stores" / "train")
    described = {key: of for key, of in store.meta.items() if key != "scenes"}
    content["meta"]["dataset_meta"] = dict(store=described)
    torch.save(content, path)
    return path


@pytest.fixture
def scene(tmp_path, write_raster):
    """Objects that are labelled two pixels wider than they are bright, and a gap."""
    rng = np.random.default_rng(6)
    seeds = ndimage.binary_dilation(rng.random((SIDE, SIDE)) > 0.997, iterations=2)
    image = rng.integers(40, 60, (3, SIDE, SIDE)) + 120 * seeds
    image[:, 60:66, 20:] = 0
    path = write_raster("scene.tif", image.astype(np.uint8), pixel=1.0, nodata=0)
    wide = ndimage.binary_dilation(seeds, np.ones((3, 3)), iterations=2)
    with rasterio.open(path) as raster:
        shapes = [
            shapely.geometry.shape(outline)
            for outline, _ in rasterio.features.shapes(
                wide.astype(np.uint8), wide, transform=raster.transform
            )
        ]
        labels = geopandas.GeoDataFrame(geometry=shapes, crs=raster.crs)
    labels.to_file(tmp_path / "labels.gpkg")
    return path


def fitted_answers(fitted, store):
    """What the checkpoint that was fitted says of a store."""
    folder = fitted.out.with_suffix(".answers")
    dump_predictions(load_model(fitted.out).model, store, folder)
    return Answers(store, [load_predictions(folder)])


def iou_of_map(checkpoint, scene, folder, store):
    """Of ``mmext predict``, the same by pixels of classes and by polygons."""
    command(["predict", str(checkpoint), str(scene), "--window=128", f"--out={folder}"])
    with rasterio.open(folder / "scene_class.tif") as raster:
        codes = raster.read(1)
    mask = (codes > 0) & (codes != 255)
    table = geopandas.read_file(folder / "scene.gpkg", layer="fields")
    assert table.area.sum() == mask.sum()
    return confusion(mask, store.masks[0][:SIDE, :SIDE]).iou


def test_the_map_has_the_iou_that_the_fit_prints(checkpoint, scene, tmp_path, capsys):
    # One tile, so that the network sees in it what it sees in the scene.
    command(
        ["prepare", str(scene), f"--labels={tmp_path / 'labels.gpkg'}",
         f"--tile-size={SIDE}", f"--out={tmp_path / 'val'}"]
    )  # fmt: skip
    store = TileStore(tmp_path / "val")
    assert len(store) == 1 and (store.masks[0] == 255).sum() == 6 * 130
    fitted = fitting_decision.fit_run(checkpoint, tmp_path / "val")
    # Of each mode, grown and not, the best on the store: not only what was chosen.
    best = {}
    for index, rule in enumerate(fitted.fit.rules):
        kind = rule.mode, rule.decoder.get("grow", 0)
        if kind not in best or fitted.fit.counts[index].iou > best[kind][1]:
            best[kind] = rule, fitted.fit.counts[index].iou
    chosen = fitted.fit.rule
    kinds = {(chosen.mode, chosen.decoder.get("grow", 0))}
    kinds |= {("target", 0), ("target", 1), ("union", 3)}
    kinds |= {(mode, grow) for mode in ("touching", "hysteresis") for grow in (0, 4)}
    found = {}
    for mode, grow in sorted(kinds):
        rule, iou = best[mode, grow]
        path = tmp_path / f"{mode}_{grow}.pth"
        record = DecisionRecord("val", "x", 1, iou, 0.0)
        write_decided(checkpoint, path, UnionDecoder(**rule.decoder), record)
        found[mode, grow] = iou_of_map(path, scene, tmp_path / path.stem, store)
        # The fit's log-odds are rounded to 16 bits.
        assert found[mode, grow] == pytest.approx(iou, abs=2e-3), (mode, grow)
    assert len({round(iou, 3) for iou in found.values()}) > 3
    # Objects of the store have the scores that they have in the map.
    objects = scored_objects(fitted_answers(fitted, store), chosen, 1.0).table
    mapped = tmp_path / "fitted"
    command(["predict", str(fitted.out), str(scene), "--window=128", f"--out={mapped}"])
    table = geopandas.read_file(mapped / "scene.gpkg", layer="fields")
    assert len(table) == len(objects) > 30
    # In the map by where they end, in the store by where they begin: sorted, both.
    here = objects.assign(
        area=objects["area_m2"], correct_prob=fitted.correctness.probability(objects)
    )
    there = table.assign(area=table.area, error_only=table["source"] == "error")
    for name in ("area", "mean_prob", "max_prob", "error_only"):
        found, expected = np.sort(there[name]), np.sort(here[name])
        np.testing.assert_allclose(found, expected, atol=5e-3, err_msg=name)
    found, expected = np.sort(there["correct_prob"]), np.sort(here["correct_prob"])
    np.testing.assert_allclose(found, expected, atol=0.02)
    assert (fitted.correctness.objects, fitted.correctness.correct) == (
        len(here), here["correct"].sum()
    )  # fmt: skip
    record = fitted_decision(read_checkpoint(fitted.out), fitted.out)[1]
    assert record.correctness == fitted.correctness
    [pixels] = record.scenes
    assert Confusion(*pixels) == fitted.fit.counts[fitted.fit.index]
    # And by the commands alone, in what is printed.
    capsys.readouterr()
    out = tmp_path / "mine.pth"
    command(["fit-decision", str(checkpoint), f"--store={store.path}", f"--out={out}"])
    said = capsys.readouterr().out.splitlines()[1]
    printed = float(said.split("IoU ")[1].split()[0])
    assert f"grow {chosen.decoder['grow']}" in said
    assert iou_of_map(out, scene, tmp_path / "mine", store) == pytest.approx(
        printed, abs=2e-3
    )
