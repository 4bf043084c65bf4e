"""Points drawn of a map and checked against a truth that is known."""

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import pytest
import rasterio

from mmext.cli.app import run as command
from mmext.errors import UserError
from mmext.mapping.map_area import draw_points, estimate_from_points
from mmext.mapping.map_evaluation import area as blocks_of
from mmext.raster.vrt import write_vrt

TRANSFORM = rasterio.transform.from_origin(500_000, 4_000_000, 1, 1)
RNG = np.random.default_rng(5)
TRUTH = np.zeros((120, 150), bool)
TRUTH[20:50, 30:80] = True
TRUTH[80:110, 100:140] = True
CODES = np.zeros(TRUTH.shape, np.uint8)
CODES[22:55, 30:75] = 1
CODES[80:100, 95:140] = 3
CODES[5:15, 5:15] = 2
CODES[:, 145:] = 255


def write_points(path, table):
    metadata = dict(map_classes=" ".join(f"{c}:{(c == CODES).sum()}" for c in range(4)))
    pyogrio.write_dataframe(table, path, layer="points", layer_metadata=metadata)
    return path


def test_the_sample_as_it_is_written(tmp_path, write_map, monkeypatch):
    monkeypatch.setattr(blocks_of, "_BLOCK", 37)  # several, of several sizes
    path = write_map(CODES)
    allocation = draw_points(path, 200, tmp_path / "out", seed=3)
    written = pd.read_csv(tmp_path / "out" / "allocation.csv")
    assert written["class"].tolist() == ["not mapped", "target", "error", "both"]
    assert written["points"].tolist() == allocation["points"].tolist()
    assert written["points"].sum() == 200 and written["points"].min() >= 25
    assert written["pixels"].tolist() == [(c == CODES).sum() for c in range(4)]
    assert written["area_m2"].to_numpy() == pytest.approx(written["pixels"], rel=2e-3)
    table = geopandas.read_file(tmp_path / "out" / "sample.gpkg")
    assert table.columns.tolist() == ["point", "reference", "geometry"]
    assert table["reference"].isna().all() and table.crs == "EPSG:32637"
    assert table["point"].tolist() == list(range(1, 201))
    columns, rows = ~TRANSFORM * (table.geometry.x.values, table.geometry.y.values)
    codes = CODES[rows.astype(int), columns.astype(int)]
    assert [(codes == c).sum() for c in range(4)] == written["points"].tolist()
    # Nobody sees by the order what the map says.
    assert np.flatnonzero(codes == 2)[0] + 1 > 2 and np.diff(codes).any()
    with pytest.raises(UserError, match="may have been checked already"):
        draw_points(path, 200, tmp_path / "out")


def test_all_pixels_of_a_class_are_drawn_alike(tmp_path, write_map, monkeypatch):
    monkeypatch.setattr(blocks_of, "_BLOCK", 3)
    codes = np.zeros((7, 8), np.uint8)
    codes[1:4, 1:5] = 1
    path = write_map(codes)
    draw_points(path, 6000, tmp_path / "out")
    table = geopandas.read_file(tmp_path / "out" / "sample.gpkg")
    columns, rows = ~TRANSFORM * (table.geometry.x.values, table.geometry.y.values)
    drawn = np.zeros(codes.shape)
    np.add.at(drawn, (rows.astype(int), columns.astype(int)), 1)
    for code in (0, 1):
        of = drawn[codes == code]
        # Chi square of equal shares.
        statistic = ((of - of.mean()) ** 2 / of.mean()).sum()
        assert statistic < 2 * len(of)


def test_intervals_hold_the_area_of_maps(tmp_path, write_map, label_points):
    path = write_map(CODES)
    held, areas, truth = 0, [], TRUTH[:, :145].sum()
    for seed in range(25):
        out = tmp_path / str(seed)
        draw_points(path, 300, out, seed)
        table = label_points(out / "sample.gpkg", TRUTH, TRANSFORM)
        points = write_points(out / "checked.gpkg", table)
        result = estimate_from_points(path, points)
        scale = result.matrix["area_m2"].sum() / (CODES != 255).sum()
        held += result.area.low <= truth * scale <= result.area.high
        areas.append(result.area.value / scale)
    # Of 95 in 100: fewer than 21 of 25 would be one chance in fifty.
    assert held >= 21
    assert np.mean(areas) == pytest.approx(truth, rel=0.02)


def test_by_the_command_line(tmp_path, write_map, label_points, capsys):
    path, out = write_map(CODES), tmp_path / "out"
    command(["area", str(path), "--draw", "120", "--out", str(out)])
    assert "not mapped:" in capsys.readouterr().out
    with pytest.raises(UserError, match="120 of 120 points have no reference"):
        estimate_from_points(path, out / "sample.gpkg")
    table = label_points(out / "sample.gpkg", TRUTH, TRANSFORM)
    points = write_points(out / "checked.gpkg", table)
    command(["area", str(path), "--sample", str(points), "--out", str(out)])
    said = capsys.readouterr().out
    assert "target, design-based:" in said and "producer's accuracy:" in said
    # Error's specks are no target at all: up to 3 of 15 points may be.
    assert "note: error: 0 of 15 points" in said and "(3 / 15" in said
    matrix = pd.read_csv(out / "matrix.csv")
    assert matrix["points"].sum() == 120
    share = matrix["target"] / matrix["points"]
    area = pd.read_csv(out / "area.csv").set_index("quantity")
    assert area.loc["target_area_m2", "value"] == pytest.approx(
        (share * matrix["area_m2"]).sum(), rel=1e-4
    )
    mapped = matrix.loc[1:, "area_m2"].sum()
    assert area.loc["mapped_area_m2", "value"] == pytest.approx(mapped, rel=1e-4)


def test_a_map_of_sheets_and_one_in_degrees(tmp_path, write_map):
    left = write_map(CODES, "a.tif")
    write_vrt([left], tmp_path / "map_class.vrt")
    whole = draw_points(tmp_path / "map_class.vrt", 90, tmp_path / "vrt")
    assert whole["pixels"].sum() == (CODES != 255).sum()
    path = write_map(CODES, "degrees.tif", "EPSG:4326", 0.0001)
    degrees = draw_points(path, 90, tmp_path / "degrees")
    # 0.0001° at 36° north: 11.1 m by 9.0 m.
    assert degrees["area_m2"].sum() == pytest.approx(
        whole["pixels"].sum() * 11.1 * 9.0, rel=0.02
    )


def test_an_empty_map_and_a_full_one(tmp_path, write_map):
    for code in (0, 1):
        path = write_map(np.full((9, 9), code, np.uint8), f"{code}.tif")
        draw_points(path, 20, tmp_path / str(code))
        table = geopandas.read_file(tmp_path / str(code) / "sample.gpkg")
        table["reference"] = [1] * 8 + [0] * 12
        table.to_file(tmp_path / "p.gpkg")
        result = estimate_from_points(path, tmp_path / "p.gpkg")
        assert result.area.value == pytest.approx(81 * 8 / 20, rel=2e-3)
        assert result.mapped_area == pytest.approx(81 * code, rel=2e-3)
    nothing = write_map(np.full((9, 9), 255, np.uint8), "nothing.tif")
    with pytest.raises(UserError, match="has no valid pixel"):
        draw_points(nothing, 20, tmp_path / "n")


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda t: t.drop(columns="reference"), "has no column 'reference'"),
        (lambda t: t.assign(reference=2), "reference is 2.*, expected 1"),
        (lambda t: t.assign(reference="yes"), "reference is 'yes', expected 1"),
        (lambda t: t.assign(geometry=t.buffer(1)), "other shapes than points"),
        (lambda t: t.assign(geometry=t.translate(1000)), "points lie outside"),
        (lambda t: t.iloc[:0], "holds no point"),
        (lambda t: t.iloc[:3], "points of the class"),
    ],
)
def test_points_that_are_no_use(tmp_path, write_map, change, message):
    path = write_map(CODES)
    draw_points(path, 60, tmp_path / "out")
    table = geopandas.read_file(tmp_path / "out" / "sample.gpkg").assign(reference=1)
    change(table).to_file(tmp_path / "p.gpkg")
    with pytest.raises(UserError, match=message):
        estimate_from_points(path, tmp_path / "p.gpkg")


def test_points_of_another_map(tmp_path, write_map, label_points):
    path = write_map(CODES)
    draw_points(path, 60, tmp_path / "out")
    table = label_points(tmp_path / "out" / "sample.gpkg", TRUTH, TRANSFORM)
    points = write_points(tmp_path / "p.gpkg", table)
    other = CODES.copy()
    other[60, 60] = 1
    with pytest.raises(UserError, match="expected the map it was drawn of"):
        estimate_from_points(write_map(other, "other.tif"), points)
    strange = CODES.copy()
    strange[0, 0] = 7
    with pytest.raises(UserError, match="holds the value 7"):
        draw_points(write_map(strange, "strange.tif"), 60, tmp_path / "o2")
    with pytest.raises(UserError, match="--draw: is 7, expected at least 8"):
        draw_points(path, 7, tmp_path / "o3")


def test_points_that_say_nothing_of_their_origin(tmp_path, write_map, capsys):
    path = write_map(CODES)
    draw_points(path, 60, tmp_path / "out")
    table = geopandas.read_file(tmp_path / "out" / "sample.gpkg")
    table.assign(reference=True).to_file(tmp_path / "p.gpkg")
    result = estimate_from_points(path, tmp_path / "p.gpkg")
    assert "doesn't say how it was drawn" in capsys.readouterr().out
    assert result.accuracies["producers_accuracy"].value < 1


@pytest.mark.parametrize(
    "options", [[], ["--draw", "50", "--sample", "{map}"], ["--draw", "0"]]
)
def test_one_way_only(tmp_path, write_map, options, capsys):
    path = write_map(CODES)
    given = [option.format(map=path) for option in options]
    with pytest.raises((UserError, SystemExit)):
        command(["area", str(path), "--out", str(tmp_path / "o"), *given])
