"""Sheets evaluated one by one: their pixels are those of the whole map."""

import os
import pickle

import geopandas
import numpy as np
import pandas as pd
import pytest
import rasterio
from shapely.geometry import box

from mmext.errors import UserError
from mmext.mapping.map_evaluation import Question, evaluate_map, evaluate_maps
from mmext.mapping.map_evaluation.area import cut_to, in_crs
from mmext.mapping.map_evaluation.result import MapCounts
from mmext.prepare.labels import LabelSource, VectorLabels

CRS = "EPSG:32652"
SIDE = 30
LEFT, TOP = 500_000, 4_000_000


def write(path, codes, column=0, row=0):
    transform = rasterio.Affine(1, 0, LEFT + column, 0, -1, TOP - row)
    height, width = codes.shape
    with rasterio.open(
        *(path, "w", "GTiff", width, height, 1, CRS, transform, "uint8"), nodata=255
    ) as raster:
        raster.write(codes, 1)
    return path


@pytest.fixture
def whole(tmp_path):
    """A map of 3 x 2 sheets, the last of them no-data."""
    rng = np.random.default_rng(0)
    codes = np.zeros((2 * SIDE, 3 * SIDE), np.uint8)
    for row, column in zip(
        rng.integers(0, 2 * SIDE, 25), rng.integers(0, 3 * SIDE, 25), strict=True
    ):
        codes[row : row + 6, column : column + 5] = rng.integers(1, 5)
    codes[SIDE:, 2 * SIDE :] = 255
    return write(tmp_path / "whole.tif", codes)


@pytest.fixture
def sheets(whole, tmp_path):
    with rasterio.open(whole) as raster:
        codes = raster.read(1)
    return [
        write(
            tmp_path / f"s{row}{column}_class.tif",
            codes[row : row + SIDE, column : column + SIDE],
            column,
            row,
        )
        for row in (0, SIDE)
        for column in (0, SIDE, 2 * SIDE)
    ]


@pytest.fixture
def truth(tmp_path):
    """Fields in another system, with some far away."""
    rng = np.random.default_rng(1)
    fields = [
        box(LEFT + x, TOP - y - 7, LEFT + x + 6, TOP - y)
        for x, y in rng.integers(-20, 110, (40, 2))
    ]
    path = tmp_path / "t.gpkg"
    geopandas.GeoDataFrame(geometry=fields, crs=CRS).to_crs(4326).to_file(path)
    return path


def scores(folder):
    names = ("pixels.csv", "objects.csv", "sheets.csv")
    return [(folder / name).read_bytes() for name in names]


def test_pixels_are_those_of_the_whole_map(whole, sheets, truth, tmp_path, capsys):
    total = evaluate_maps(sheets, Question(LabelSource(truth), 0.5), tmp_path / "e")
    expected = evaluate_map(whole, truth)
    assert total.pixels == expected.pixels and total.pixels["union"].tp > 0
    # An object that reaches into two sheets counts in each, as by itself.
    alone = [evaluate_map(path, truth) for path in sheets[:-1]]
    summed = sum(
        (MapCounts(a.pixels, a.objects, a.true_area, a.mapped_area) for a in alone[1:]),
        MapCounts(
            *(alone[0].pixels, alone[0].objects),
            *(alone[0].true_area, alone[0].mapped_area),
        ),
    )
    assert total == summed
    assert total.objects.true_objects > expected.objects.true_objects
    assert total.true_area == pytest.approx(expected.true_area, rel=1e-6)
    assert "1 sheets have no valid pixel" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "e" / "sheets.csv")
    assert table["tp"].tolist() == [a.pixels["union"].tp for a in alone] + [0]
    objects = tmp_path / "e" / "sheets" / "s00_class" / "objects.gpkg"
    found = geopandas.read_file(objects, layer="true_positives")
    assert len(found) == alone[0].objects.found_objects


def test_only_what_is_near_is_looked_at(sheets, truth):
    labels = VectorLabels(truth)
    with rasterio.open(sheets[1]) as raster:
        extent = geopandas.GeoSeries([box(*raster.bounds)], crs=raster.crs)
        near = labels.near(raster)
    every = in_crs(labels.polygons, CRS)
    assert 0 < len(near) < len(every) / 2
    found, expected = (cut_to(extent, polygons) for polygons in (near, every))
    assert found.index.equals(expected.index)
    assert (found.to_wkb() == expected.to_wkb()).all()


def elsewhere(function, items, *common):
    """As other processes run tasks: with what travels, in whatever order."""
    for item in reversed(items):
        try:
            result = pickle.loads(pickle.dumps(function))(
                *pickle.loads(pickle.dumps((item, *common)))
            )
        except UserError as error:
            result = error
        yield item, pickle.loads(pickle.dumps(result))


def test_a_second_call_goes_on(sheets, truth, tmp_path, capsys, monkeypatch):
    expected, out = tmp_path / "one", tmp_path / "e"
    question = Question(LabelSource(truth), 0.5)
    evaluate_maps(sheets, question, expected)
    monkeypatch.setattr("mmext.engine.tasks._run_here", elsewhere)
    whole, state = sheets[2].read_bytes(), sheets[2].stat()
    sheets[2].write_bytes(whole[:300])
    with pytest.raises(UserError, match=r"1 of 6 maps can't be evaluated: .*s060_cl"):
        evaluate_maps(sheets, question, out)
    assert not list(out.glob("*.csv"))
    sheets[2].write_bytes(whole)
    os.utime(sheets[2], ns=(state.st_atime_ns, state.st_mtime_ns))
    capsys.readouterr()
    evaluate_maps(sheets, question, out)
    assert "5 of 6 sheets evaluated already" in capsys.readouterr().out
    assert scores(out) == scores(expected)
    for change in (
        lambda: os.utime(sheets[0], (0, 0)),
        lambda: (out / "sheets" / "s00_class" / "evaluation.json").write_text("{"),
    ):
        change()
        evaluate_maps(sheets, question, out)
        said = capsys.readouterr().out
        assert "5 of 6 sheets evaluated already" in said
        assert said.count("evaluated again, ") == 1
        assert scores(out) == scores(expected)
    evaluate_maps(sheets, Question(LabelSource(truth), 0.9), out)
    assert capsys.readouterr().out.count("other settings") == 6
    os.utime(truth, (0, 0))
    evaluate_maps(sheets, question, out)
    assert capsys.readouterr().out.count("compared with other files") == 6


def test_refusals(sheets, truth, tmp_path):
    question = Question(LabelSource(truth), 0.5)
    with pytest.raises(UserError, match="MAP: 2 are called s00_class"):
        evaluate_maps([sheets[0]] * 2, question, tmp_path / "e")
    with pytest.raises(UserError, match="polygons don't say where a sheet ends"):
        evaluate_maps([sheets[0], truth], question, tmp_path / "e")
    with pytest.raises(UserError, match="no valid pixel in it or any other sheet"):
        evaluate_maps([sheets[5]], question, tmp_path / "e")
