import geopandas
import numpy as np
import pandas as pd
import pytest
import rasterio
import rasterio.features
import shapely
from scipy import ndimage
from shapely.geometry import Polygon, box, shape

from mmext.errors import UserError
from mmext.evaluation.objects import ObjectCounts
from mmext.mapping.map_evaluation import evaluate_map
from mmext.mapping.map_evaluation.covering import covered_share
from mmext.raster.vrt import write_vrt

CRS = "EPSG:32637"


def _raster(path, codes, crs=CRS):
    transform = rasterio.transform.from_origin(500000, 4000000, 1, 1)
    height, width = codes.shape
    profile = dict(driver="GTiff", height=height, width=width, count=1, dtype="uint8")
    with rasterio.open(path, "w", **profile, crs=crs, transform=transform) as raster:
        raster.write(codes, 1)
    return path


def _field(row, column, height, width):
    left, top = 500000 + column, 4000000 - row
    return box(left, top - height, left + width, top)


def _vector(path, fields, crs=CRS):
    geopandas.GeoDataFrame(geometry=fields, crs=CRS).to_crs(crs).to_file(path)
    return path


@pytest.fixture
def codes():
    codes = np.zeros((21, 33), np.uint8)
    codes[2:6, 2:6] = 1
    codes[2:6, 6:8] = 2
    codes[12:16, 20:24] = 3
    codes[:, 30:] = 255
    return codes


@pytest.mark.parametrize("crs", [CRS, "EPSG:4326"])
def test_hand_worked_scene(tmp_path, codes, crs):
    fields = [_field(2, 2, 4, 6), _field(10, 2, 5, 5), _field(2, 31, 2, 2)]
    truth = _vector(tmp_path / "t.gpkg", fields, crs)
    result = evaluate_map(_raster(tmp_path / "m.tif", codes), truth)
    target, union = result.pixels["target"], result.pixels["union"]
    assert (target.tp, target.fp, target.fn) == (16, 16, 33)
    assert (union.tp, union.fp, union.fn) == (24, 16, 25)
    assert sum(vars(union).values()) == (codes != 255).sum()
    # The third field lies in no-data and is not asked for.
    assert result.objects == ObjectCounts(2, 1, 2, 1)
    assert [len(t) for t in result.layers.values()] == [1, 1, 1]
    # UTM's scale at its central meridian is 0.9996.
    assert result.true_area == pytest.approx(49 / 0.9996**2, rel=1e-4)
    assert result.relative_area_error == pytest.approx(40 / 49 - 1, abs=1e-3)
    result.write(tmp_path / "out")
    table = pd.read_csv(tmp_path / "out/pixels.csv", index_col="channel")
    assert table.loc["union", "iou"] == pytest.approx(24 / 65)
    not_found = geopandas.read_file(
        tmp_path / "out/objects.gpkg", layer="false_negatives"
    )
    assert not_found["cover"].tolist() == [0]
    counts = pd.read_csv(tmp_path / "out/objects.csv")
    assert counts.loc[0, ["true_objects", "found_objects"]].tolist() == [2, 1]


def test_windows_do_not_matter(tmp_path, codes, monkeypatch):
    truth = _vector(tmp_path / "t.gpkg", [_field(2, 2, 4, 6)])
    map_path = _raster(tmp_path / "m.tif", codes)
    whole = evaluate_map(map_path, truth)
    monkeypatch.setattr("mmext.mapping.map_evaluation.area._BLOCK", 5)
    parts = evaluate_map(map_path, truth)
    assert (parts.pixels, parts.objects) == (whole.pixels, whole.objects)


def test_area_and_polygon_maps(tmp_path, codes):
    fields = [_field(2, 2, 4, 6), _field(10, 2, 5, 5)]
    truth = _vector(tmp_path / "t.gpkg", fields)
    area = _vector(tmp_path / "a.gpkg", [_field(0, 0, 9, 30)])
    raster = evaluate_map(_raster(tmp_path / "m.tif", codes), truth, area_path=area)
    assert raster.objects == ObjectCounts(1, 1, 1, 1)
    assert raster.pixels["union"].iou == 1
    mapped = [_field(2, 2, 4, 6), _field(12, 20, 4, 4)]
    vector = _vector(tmp_path / "m.gpkg", mapped, "EPSG:4326")
    assert evaluate_map(vector, truth).objects == ObjectCounts(2, 1, 2, 1)
    assert evaluate_map(vector, truth, area_path=area).objects.precision == 1
    # A raster stands for its valid pixels, here the scene's left part.
    part = _raster(tmp_path / "part.tif", np.zeros((21, 10), np.uint8))
    inside = evaluate_map(vector, truth, area_path=part)
    assert inside.objects == ObjectCounts(2, 1, 1, 1)
    assert inside.pixels["union"].tn > 0


def _mixed(path, fields, sources):
    table = geopandas.GeoDataFrame({"source": sources}, geometry=fields, crs=CRS)
    table.to_file(path, layer="fields")
    return path


def test_pixels_of_a_map_of_polygons(tmp_path):
    """Overlapping truth counts once; areas on the ellipsoid, as UTM is 0.9996 true."""
    truth = _vector(tmp_path / "t.gpkg", [_field(0, 0, 20, 20), _field(0, 10, 20, 10)])
    fields = [_field(0, 10, 20, 20), _field(0, 50, 10, 10)]
    mapped = _mixed(tmp_path / "m.gpkg", fields, ["both", "error"])
    area = _vector(tmp_path / "a.gpkg", [_field(0, 0, 100, 100)])
    result = evaluate_map(mapped, truth, area_path=area)
    [(name, union)] = result.pixels.items()
    found = [getattr(union, k) * 0.9996**2 / 100 for k in ("tp", "fp", "fn", "tn")]
    assert name == "union"
    assert found == pytest.approx([200, 300, 200, 9300], abs=0.1)
    assert evaluate_map(mapped, truth).pixels["union"].tn == 0
    result.write(tmp_path / "out")
    table = pd.read_csv(tmp_path / "out/pixels.csv", index_col="channel")
    assert table.loc["union", "iou"] == pytest.approx(200 / 700, abs=1e-4)


def test_sources_of_a_raster(tmp_path):
    codes = np.zeros((40, 60), np.uint8)
    codes[0:10, 0:10] = 1
    codes[0:10, 20:30] = 2
    codes[0:10, 40:50] = 3
    codes[20:30, 0:4], codes[20:30, 4:8] = 1, 2  # neither covers half
    codes[20:30, 20:30] = 2  # nothing is there
    codes[36, 36] = 1  # nor here
    truth = [_field(0, x, 10, 10) for x in (0, 20, 40)]
    truth += [_field(20, 0, 10, 10), _field(20, 45, 10, 10)]
    result = evaluate_map(
        _raster(tmp_path / "m.tif", codes), _vector(tmp_path / "t.gpkg", truth)
    )
    assert result.layers["true_positives"]["source"].tolist() == [
        *("target", "error", "both", "union")
    ]
    assert result.layers["false_negatives"]["source"].tolist() == [""]
    wrong = result.layers["false_positives"].set_index("area_m2")["source"]
    assert wrong.sort_index().tolist() == ["target", "error"]
    result.write(tmp_path / "out")
    found = geopandas.read_file(tmp_path / "out/objects.gpkg", layer="true_positives")
    assert found["source"].tolist() == ["target", "error", "both", "union"]
    styles = geopandas.read_file(tmp_path / "out/objects.gpkg", layer="layer_styles")
    assert set(styles["f_table_name"]) == set(result.layers)


def test_what_has_grown_is_of_the_union_alone(tmp_path):
    codes = np.zeros((20, 30), np.uint8)
    codes[2:8, 2:8] = 4
    codes[4:6, 4:6] = 1
    truth = _vector(tmp_path / "t.gpkg", [_field(2, 2, 6, 6)])
    result = evaluate_map(_raster(tmp_path / "m.tif", codes), truth)
    assert result.pixels["union"].iou == 1
    assert result.pixels["target"].iou == 4 / 36
    assert result.layers["true_positives"]["source"].tolist() == ["union"]


def test_sources_of_polygons(tmp_path):
    truth = _vector(tmp_path / "t.gpkg", [_field(0, 0, 10, 10), _field(0, 20, 10, 10)])
    fields = [_field(0, 0, 10, 10), _field(0, 20, 10, 9), _field(0, 50, 9, 9)]
    named = _mixed(tmp_path / "m.gpkg", fields, ["both", "target", "error"])
    layers = evaluate_map(named, truth).layers
    assert layers["true_positives"]["source"].tolist() == ["both", "target"]
    assert layers["false_positives"]["source"].tolist() == ["error"]
    plain = evaluate_map(_vector(tmp_path / "p.gpkg", fields), truth)
    assert set(plain.layers["true_positives"]["source"]) == {""}
    assert list(plain.pixels) == ["union"]


def test_empty_map_has_no_precision(tmp_path):
    truth = _vector(tmp_path / "t.gpkg", [_field(2, 2, 4, 6)])
    map_path = _raster(tmp_path / "m.tif", np.zeros((21, 33), np.uint8))
    result = evaluate_map(map_path, truth)
    assert (result.objects.recall, result.objects.precision) == (0, None)
    assert result.relative_area_error == -1
    result.write(tmp_path / "out")


def test_overlapping_cover_counts_once():
    one = geopandas.GeoSeries([_field(0, 0, 4, 4)], crs=CRS)
    two = geopandas.GeoSeries([_field(0, 0, 4, 1), _field(0, 0, 4, 2)], crs=CRS)
    assert covered_share(one, two) == pytest.approx([0.5])


@pytest.mark.parametrize("value", [7, 255])
def test_strange_or_empty_rasters_are_refused(tmp_path, value):
    truth = _vector(tmp_path / "t.gpkg", [_field(2, 2, 4, 6)])
    map_path = _raster(tmp_path / "m.tif", np.full((21, 33), value, np.uint8))
    with pytest.raises(UserError, match="value 7" if value == 7 else "no valid pixel"):
        evaluate_map(map_path, truth)


def _scene(path, valid, **profile):
    """An RGB scene whose no-data is where it is not valid."""
    height, width = valid.shape
    transform = rasterio.transform.from_origin(500000, 4000000, 1, 1)
    size = dict(driver="GTiff", height=height, width=width, count=3, dtype="uint8")
    with rasterio.open(
        path, "w", **size, crs=CRS, transform=transform, **profile
    ) as raster:
        raster.write(
            np.broadcast_to(np.where(valid, 255, 0).astype(np.uint8), (3, *valid.shape))
        )
    return path


def _outlines(codes, wanted=(1, 2, 3)):
    """A class raster's objects as polygons, by GDAL."""
    mask = np.isin(codes, wanted)
    transform = rasterio.transform.from_origin(500000, 4000000, 1, 1)
    found = rasterio.features.shapes(mask.astype(np.uint8), mask, 4, transform)
    return [shape(geometry) for geometry, _ in found]


@pytest.mark.parametrize("seed", range(4))
def test_a_raster_and_its_polygons_are_one_map(tmp_path, seed):
    """Grid-aligned, with no-data: pixels, objects and areas are the same numbers."""
    rng = np.random.default_rng(seed)
    codes = (rng.integers(1, 4, (40, 50)) * (rng.random((40, 50)) < 0.3)).astype("u1")
    truth = rng.random((40, 50)) < 0.3
    codes[:, 20:27] = 255
    raster = _raster(tmp_path / "m.tif", codes)
    fields = _vector(tmp_path / "t.gpkg", _outlines(truth, (1,)))
    mapped = _vector(tmp_path / "m.gpkg", _outlines(codes))
    one = evaluate_map(raster, fields)
    other = evaluate_map(mapped, fields, area_path=raster)
    assert one.objects == other.objects
    assert one.outside == other.outside > 0
    assert one.true_area == pytest.approx(other.true_area)
    assert one.mapped_area == pytest.approx(other.mapped_area)
    for score in ("iou", "precision", "recall"):
        found, expected = (getattr(r.pixels["union"], score) for r in (other, one))
        assert found == pytest.approx(expected, abs=1e-5)
    # By hand, pixel for pixel.
    valid = codes != 255
    union, there = np.isin(codes, (1, 2, 3)), truth & valid
    assert one.pixels["union"].iou == (union & there).sum() / (union | there).sum()
    labels, number = ndimage.label(union)  # 4-connected
    assert one.objects.predicted_objects == number
    shares = ndimage.mean(there, labels, np.arange(1, number + 1))
    assert one.objects.correct_objects == (shares >= 0.5).sum()


@pytest.mark.parametrize("how", ["value", "mask", "class map"])
def test_the_area_of_a_raster_is_its_valid_pixels(tmp_path, how):
    """Half of the truth lies in no-data: IoU 0.5 and not 0.25."""
    valid = np.ones((20, 40), bool)
    valid[:, 20:] = False
    truth = _vector(tmp_path / "t.gpkg", [_field(0, 0, 20, 40)])
    mapped = _vector(tmp_path / "m.gpkg", [_field(0, 0, 10, 20)])
    if how == "class map":
        area = _raster(tmp_path / "a.tif", np.where(valid, 0, 255).astype(np.uint8))
    elif how == "value":
        area = _scene(tmp_path / "a.tif", valid, nodata=0)
    else:
        area = _scene(tmp_path / "a.tif", np.ones_like(valid))
        with rasterio.open(area, "r+") as raster:
            raster.write_mask(valid)
    result = evaluate_map(mapped, truth, area_path=area)
    assert result.pixels["union"].iou == pytest.approx(0.5, abs=1e-5)
    assert result.pixels["union"].tn == 0
    assert result.true_area == pytest.approx(400 / 0.9996**2, rel=1e-4)
    raster = _raster(
        tmp_path / "m.tif", np.repeat([[1], [0]], 10, 0).repeat(40, 1).astype(np.uint8)
    )
    assert evaluate_map(raster, truth, area_path=area).pixels["union"].iou == 0.5


def test_white_pixels_of_an_image_are_valid(tmp_path):
    area = _scene(tmp_path / "a.tif", np.ones((20, 40), bool))
    truth = _vector(tmp_path / "t.gpkg", [_field(0, 0, 20, 40)])
    assert evaluate_map(truth, truth, area_path=area).pixels["union"].tp > 0


def test_an_area_without_a_valid_pixel_is_refused(tmp_path):
    truth = _vector(tmp_path / "t.gpkg", [_field(0, 0, 20, 40)])
    area = _raster(tmp_path / "a.tif", np.full((5, 5), 255, np.uint8))
    with pytest.raises(UserError, match="no valid pixel"):
        evaluate_map(truth, truth, area_path=area)


def test_objects_that_meet_in_a_corner_are_two(tmp_path):
    codes = np.zeros((20, 20), np.uint8)
    codes[2:6, 2:6], codes[6:10, 6:10] = 1, 1
    truth = _vector(tmp_path / "t.gpkg", [_field(2, 2, 4, 4), _field(6, 6, 4, 4)])
    result = evaluate_map(_raster(tmp_path / "m.tif", codes), truth)
    assert result.objects == ObjectCounts(2, 2, 2, 2)


def test_layers_and_filters_of_the_truth(tmp_path):
    path = tmp_path / "t.gpkg"
    for name, row in (("old", 0), ("new", 10)):
        table = geopandas.GeoDataFrame(
            {"crop": ["a", "b"]},
            geometry=[_field(row, 0, 4, 4), _field(row, 10, 4, 4)],
            crs=CRS,
        )
        table.to_file(path, layer=name)
    mapped = _vector(tmp_path / "m.gpkg", [_field(10, 10, 4, 4)])
    with pytest.raises(UserError, match="has the layers old, new"):
        evaluate_map(mapped, path)
    result = evaluate_map(mapped, path, "crop = 'b'", layer="new")
    assert result.objects == ObjectCounts(1, 1, 1, 1)


def test_truth_that_overlaps_touches_or_lies_outside(tmp_path):
    fields = [
        *(_field(0, 0, 10, 10), _field(0, 0, 10, 10), _field(0, 5, 10, 10)),
        _field(0, 15, 10, 5),  # touches
        _field(0, 100, 5, 5),  # outside
        _field(0, 40 - 1e-7, 5, 5),  # grazes the edge, as neighbours' objects do
    ]
    truth = _vector(tmp_path / "t.gpkg", fields)
    codes = np.zeros((20, 40), np.uint8)
    codes[:10, :20] = 1
    raster = _raster(tmp_path / "m.tif", codes)
    mapped = _vector(tmp_path / "m.gpkg", _outlines(codes))
    for result in (
        evaluate_map(raster, truth),
        evaluate_map(mapped, truth, area_path=raster),
    ):
        assert result.objects == ObjectCounts(4, 4, 1, 1)
        assert result.outside == 2
        assert result.area_error == pytest.approx(0, abs=0.01)
        assert result.pixels["union"].iou == pytest.approx(1, abs=1e-4)


def test_invalid_truth_is_repaired_and_said(tmp_path, capsys):
    bow = Polygon(
        [(500000, 4000000), (500010, 3999990), (500010, 4000000), (500000, 3999990)]
    )
    truth = _vector(tmp_path / "t.gpkg", [bow, _field(12, 0, 4, 4)])
    result = evaluate_map(
        _raster(tmp_path / "m.tif", np.zeros((21, 33), np.uint8)), truth
    )
    assert result.objects.true_objects == 2
    assert result.true_area == pytest.approx(66, rel=1e-2)
    assert "of 2 polygons 1 invalid and repaired" in capsys.readouterr().out


def test_a_map_of_polygons_that_found_nothing(tmp_path):
    empty = tmp_path / "m.gpkg"
    table = geopandas.GeoDataFrame({"source": []}, geometry=[], crs=CRS)
    table.to_file(empty, layer="fields", geometry_type="Polygon")
    truth = _vector(tmp_path / "t.gpkg", [_field(2, 2, 4, 6)], "EPSG:4326")
    result = evaluate_map(empty, truth)
    assert result.objects == ObjectCounts(1, 0, 0, 0)
    assert (result.mapped_area, result.objects.precision) == (0, None)
    result.write(tmp_path / "out")


def test_no_truth_in_the_area(tmp_path, codes):
    truth = _vector(tmp_path / "t.gpkg", [_field(0, 100, 4, 4)])
    result = evaluate_map(_raster(tmp_path / "m.tif", codes), truth)
    assert result.objects == ObjectCounts(0, 0, 2, 0)
    assert (result.outside, result.relative_area_error) == (1, None)


def test_a_map_over_two_sheets(tmp_path, codes):
    truth = _vector(tmp_path / "t.gpkg", [_field(2, 2, 4, 6), _field(12, 20, 4, 4)])
    whole = evaluate_map(_raster(tmp_path / "m.tif", codes), truth)
    with rasterio.open(tmp_path / "m.tif") as raster:
        profile = raster.profile | {"nodata": 255}
    sheets = []
    for name, part in (("a", slice(0, 5)), ("b", slice(5, 33))):
        place = profile["transform"] * rasterio.Affine.translation(part.start, 0)
        size = dict(width=part.stop - part.start, transform=place)
        sheets.append(tmp_path / f"{name}.tif")
        with rasterio.open(sheets[-1], "w", **profile | size) as raster:
            raster.write(codes[:, part], 1)
    write_vrt(sheets, tmp_path / "map_class.vrt")
    parts = evaluate_map(tmp_path / "map_class.vrt", truth)
    assert (parts.pixels, parts.objects) == (whole.pixels, whole.objects)


@pytest.mark.parametrize("overlapping", [False, True])
def test_covered_share_of_a_noisy_map_is_that_of_its_pixels(overlapping):
    """Polygons of hundreds of corners are cut; no pixel counts twice or not at all."""
    rng = np.random.default_rng(0)
    noise = rng.random((60, 80)) < 0.6
    shapes = rasterio.features.shapes(noise.astype(np.uint8), noise, connectivity=4)
    noisy = geopandas.GeoSeries([shape(s) for s, _ in shapes])
    noisy = noisy.set_crs("EPSG:5186")
    assert shapely.get_num_coordinates(noisy.to_numpy()).max() > 400
    if overlapping:
        noisy = pd.concat([noisy, noisy.iloc[:5]], ignore_index=True)
    corners = rng.integers(0, (50, 70), (20, 2))
    fields = geopandas.GeoSeries(
        [box(c, r, c + 10, r + 10) for r, c in corners], crs="EPSG:5186"
    )
    expected = [noise[r : r + 10, c : c + 10].mean() for r, c in corners]
    np.testing.assert_allclose(covered_share(fields, noisy), expected, atol=1e-9)
