"""Piles of sheets: what is joined, skipped, mapped again, refused and said."""

import dataclasses
import json
import os
import shutil
import subprocess

import geopandas
import numpy as np
import pytest
import rasterio
from affine import Affine
from geopandas.testing import assert_geodataframe_equal
from rasterio.features import rasterize
from rasterio.transform import from_bounds
from scipy import ndimage

from mmext.errors import UserError
from mmext.fileio import locked
from mmext.fileio.leftovers import hidden_name
from mmext.inference.prediction_settings import PredictionSettings
from mmext.inference.predictor import Predictor
from mmext.mapping.many_scenes import predict_scenes
from mmext.mapping.predict_scene import predict_scene
from mmext.models import UnionDecoder
from mmext.raster.writing import CantWriteError

from .test_merge import in_pixels, xyz_bounds

SETTINGS = PredictionSettings(window=64)


def pixelwise(tmp_path, decoder=None, reach=0) -> Predictor:
    """A network that says of a pixel what its first two bands say."""
    store = dict(bands=["r", "g", "b"], band_indexes=[1, 2, 3], dtype="uint8")
    return Predictor(
        backend="eager",
        probabilities=lambda image: image[:, :2] / 250,
        channels=("target", "error"),
        decoder=decoder or UnionDecoder(),
        reach=reach,
        multiple=8,
        store=store,
        path=tmp_path / "m.pth",
        sha256="a" * 64,
    )


def write(path, image, transform, **profile):
    path.parent.mkdir(parents=True, exist_ok=True)
    count, height, width = image.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=count,
        height=height,
        width=width,
        dtype="uint8",
        crs="EPSG:3857",
        transform=transform,
        **profile,
    ) as raster:
        raster.write(image)
    return path


def web_sheets(folder, image, side, zoom=19, column=330_000, row=270_000):
    """A scene cut into the web tiles it is made of, and the scene."""
    number = image.shape[1] // side
    sheets = [
        write(
            folder / f"{r}_{c}.tif",
            image[:, r * side : (r + 1) * side, c * side : (c + 1) * side],
            from_bounds(*xyz_bounds(zoom, column + c, row + r), side, side),
            nodata=0,
        )
        for r in range(number)
        for c in range(number)
    ]
    left, _, _, top = xyz_bounds(zoom, column, row)
    _, bottom, right, _ = xyz_bounds(zoom, column + number - 1, row + number - 1)
    grid = from_bounds(left, bottom, right, top, number * side, number * side)
    return sheets, write(folder / "whole" / "scene.tif", image, grid, nodata=0), grid


def noise(seed, side, target=0.35, error=0.2):
    rng = np.random.default_rng(seed)
    image = rng.integers(1, 120, (3, side, side))
    image[0] += 130 * (rng.random((side, side)) < target)
    image[1] += 130 * (rng.random((side, side)) < error)
    return image.astype(np.uint8)


def test_sheets_without_an_object_make_an_empty_map(tmp_path):
    image = np.full((3, 48, 48), 10, np.uint8)
    sheets, _, _ = web_sheets(tmp_path / "in", image, 24)
    predictor = pixelwise(tmp_path)
    assert predict_scenes(predictor, sheets, tmp_path / "map", SETTINGS) == []
    fields = geopandas.read_file(tmp_path / "map" / "map.gpkg", layer="fields")
    assert len(fields) == 0
    assert fields.crs == "EPSG:3857"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"min_area": 25.0},
        {"where": "area_m2 > 25 AND source <> 'error'"},
        {"fill_holes": True, "min_area": 25.0},
    ],
)
@pytest.mark.parametrize("mode", ["union", "touching", "hysteresis"])
def test_the_map_of_web_tiles_is_that_of_their_mosaic(
    tmp_path, changes, mode, monkeypatch
):
    # Blocks that end neither with the sheets nor with the mosaic.
    monkeypatch.setattr("mmext.mapping.put_together._BLOCK", 20)
    image = noise(0, 72)
    image[:, 30:34, 10:40] = 0  # no-data, also on seams
    sheets, scene, grid = web_sheets(tmp_path / "in", image, 24)
    predictor = pixelwise(tmp_path, UnionDecoder(mode, confident=0.9))
    settings = dataclasses.replace(SETTINGS, **changes)
    whole = predict_scene(predictor, scene, tmp_path / "whole", settings)
    expected = geopandas.read_file(whole.polygons, layer="fields")
    assert predict_scenes(predictor, sheets, tmp_path / "map", settings) == []
    found = geopandas.read_file(tmp_path / "map/map.gpkg", layer="fields")
    assert len(found) == len(expected) > 10
    columns = zip(in_pixels(found, grid), in_pixels(expected, grid), strict=True)
    for one, other in columns:
        assert (one[0], one[4]) == (other[0], other[4])
        assert one[1:4] == pytest.approx(other[1:4], rel=1e-4, abs=0.011)
    # Cut is what reaches the end of all sheets, or no-data.
    assert found["cut"].any()
    assert sorted(found[["cut", "area_m2"]].round(1).itertuples(index=False)) == sorted(
        expected[["cut", "area_m2"]].round(1).itertuples(index=False)
    )
    with (
        rasterio.open(tmp_path / "map/map_class.vrt") as mosaic,
        rasterio.open(whole.classes) as one,
    ):
        found, expected = mosaic.read(), one.read()
    # What a sheet could not decide stays in its raster; map.gpkg has decided it.
    undecided = found != expected
    assert (expected[undecided] == 0).all() and undecided.any() == (mode != "union")


def test_what_is_left_out_is_said(tmp_path, capsys):
    sheets, scene, _ = web_sheets(tmp_path / "in", noise(1, 48), 24)
    predictor = pixelwise(tmp_path, UnionDecoder("touching"))
    settings = dataclasses.replace(SETTINGS, min_area=15.0, where="mean_prob > 0.7")
    result = predict_scene(predictor, scene, tmp_path / "whole", settings)
    by_pixels = predict_scene(pixelwise(tmp_path), scene, tmp_path / "all", SETTINGS)
    assert all(result.left_out.values()) and len(result.left_out) == 3
    assert sum(result.left_out.values()) + result.objects == by_pixels.objects
    predict_scenes(predictor, sheets, tmp_path / "map", settings)
    last = capsys.readouterr().out.splitlines()[-1]
    assert "over 4 sheets; left out " in last
    for words in ("smaller than --min-area", "--where does not hold", "touching"):
        assert words in last


@pytest.fixture
def mapped(tmp_path):
    """Four finished sheets, and how to map them again."""
    sheets, _, _ = web_sheets(tmp_path / "in", noise(2, 32), 16)
    out = tmp_path / "map"

    def again(settings=SETTINGS, **changes):
        predictor = dataclasses.replace(pixelwise(tmp_path), **changes)
        return predict_scenes(predictor, sheets, out, settings)

    again()
    return sheets, out, again


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    "damage, words",
    [
        (lambda out: cut_short(out / "0_1_class.tif"), "0_1_class.tif has "),
        (lambda out: cut_short(out / "0_1.gpkg"), "0_1.gpkg has "),
        (lambda out: (out / "0_1_probability.tif").unlink(), "missing"),
        (lambda out: (out / "0_1.json").write_text("{"), "its note is no use"),
        (lambda out: (out / "0_1.json").write_text("[]"), "its note is no use"),
        (lambda out: (out / "0_1.json").write_bytes(b"\xff\x00"), "its note is no use"),
        (lambda out: (out / "0_1.json").unlink(), "only a part of its results"),
    ],
)
def test_damage_is_seen_and_mended(mapped, capsys, damage, words):
    _, out, again = mapped
    whole = {path.name: path.read_bytes() for path in out.glob("*.tif")}
    damage(out)
    capsys.readouterr()
    assert again() == []
    said = capsys.readouterr().out
    assert said.count("mapped already") == 3 and said.count("mapped again, ") == 1
    assert words in said
    assert {path.name: path.read_bytes() for path in out.glob("*.tif")} == whole
    again()
    assert capsys.readouterr().out.count("mapped already") == 4


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"settings": PredictionSettings(window=64, min_area=1)}, "(min_area)"),
        ({"sha256": "b" * 64}, "another model, then m.pth aaaaaaaaaaaa"),
        ({"precision": "bf16"}, "--precision was fp32"),
    ],
)
def test_another_way_of_mapping_is_said(mapped, capsys, changes, words):
    _, _, again = mapped
    capsys.readouterr()
    again(**changes)
    said = capsys.readouterr().out
    assert said.count("mapped again, ") == 4 and words in said


def test_a_changed_scene_is_mapped_again_and_a_lost_one_leaves_the_map(mapped, capsys):
    sheets, _, again = mapped
    os.utime(sheets[0], (1, 1))
    sheets[3].unlink()
    capsys.readouterr()
    [failure] = again()
    assert failure == f"{sheets[3]}: no such file"
    said = capsys.readouterr().out
    assert said.count("mapped again, it is another file than then") == 1
    assert "over 3 sheets" in said


def test_leftovers_of_a_killed_process_go(mapped):
    _, out, again = mapped
    process = subprocess.Popen(["true"])
    process.wait()
    name = hidden_name(out / "0_0.mapping", "tmp")
    dead = out / name.replace(f"-{os.getpid()}.", f"-{process.pid}.")
    dead.mkdir()
    (dead / "0_0_class.strips.tif").write_bytes(b"half")
    again()
    assert (out / "0_0.json").is_file() and not list(out.glob(".*"))


def test_names_and_places_are_checked_before_anything_is_mapped(tmp_path):
    sheets, _, _ = web_sheets(tmp_path / "in", noise(3, 32), 16)
    predictor, out = pixelwise(tmp_path), tmp_path / "map"

    def refused(scenes, message, out=out):
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(UserError, match=message):
            predict_scenes(predictor, scenes, out, SETTINGS)
        assert sorted(tmp_path.rglob("*")) == before

    other = shutil.copy(sheets[0], tmp_path / "0_0.png")
    refused([*sheets, other], r"two are called 0_0 \(.*0_0.tif and .*0_0.png\)")
    refused([sheets[0], sheets[0]], "two are called 0_0")
    as_all = shutil.copy(sheets[0], tmp_path / "map.tif")
    refused([sheets[0], as_all], "called as what is written over all sheets")
    newline = shutil.copy(sheets[0], tmp_path / "a\nb.tif")
    refused([newline], "characters that can't be printed")
    result = shutil.copy(sheets[0], tmp_path / "in" / "0_0_class.tif")
    refused([sheets[0], result], "would replace it", tmp_path / "in")


@pytest.mark.parametrize("name", ["..tif", "a..b.tif", "ä ü'\"&<x>.tif", "-x.tif"])
def test_odd_names_stay_in_the_folder(tmp_path, name):
    folder = tmp_path / "in"
    sheets, _, _ = web_sheets(folder, noise(3, 32), 16)
    odd = sheets[0].rename(folder / name)
    out = tmp_path / "map"
    assert predict_scenes(pixelwise(tmp_path), [odd, sheets[1]], out, SETTINGS) == []
    assert {path.parent for path in tmp_path.rglob("*.gpkg")} == {out}
    assert len(list(out.iterdir())) == 2 * 4 + 3
    with rasterio.open(out / "map_class.vrt") as raster:
        assert (raster.read() != 255).all()


@pytest.mark.parametrize(
    "changes, message",
    [
        (dict(where="nonsense ="), "--where 'nonsense ='"),
        (dict(where="no_such_column = 1"), "no such column"),
        (dict(where="load_extension('x')"), "not authorized"),
        (dict(where="source = 'both' AND json_extract(source, '$')"), "malformed JSON"),
        (dict(window=7), "--window: is 7, expected at least 8"),
        (dict(overlap=30), "--window: is 64, expected at least 72"),
    ],
)
def test_settings_are_refused_before_a_scene_is_opened(tmp_path, changes, message):
    settings = dataclasses.replace(SETTINGS, **changes)
    with pytest.raises(UserError, match=message):
        predict_scenes(
            pixelwise(tmp_path), [tmp_path / "none.tif"], tmp_path / "m", settings
        )
    assert not (tmp_path / "m").exists()


def test_a_small_overlap_is_said(tmp_path, capsys):
    sheets, _, _ = web_sheets(tmp_path / "in", noise(3, 32), 16)
    predictor = pixelwise(tmp_path, reach=20)
    settings = dataclasses.replace(SETTINGS, overlap=8)
    predict_scenes(predictor, sheets[:1], tmp_path / "m", settings)
    assert "--overlap: is 8, the network looks 20 pixels far" in capsys.readouterr().out


def test_many_sheets_have_a_tile_index(tmp_path, monkeypatch):
    image = noise(8, 64)
    image[:, 14:20, 5:40] = 0  # no-data across a seam
    sheets, _, _ = web_sheets(tmp_path / "in", image, 16)
    monkeypatch.setattr("mmext.mapping.put_together._BLOCK", 20)
    few, many = tmp_path / "few", tmp_path / "many"
    assert predict_scenes(pixelwise(tmp_path), sheets, few, SETTINGS) == []
    assert not list(few.glob("*.gti.gpkg"))
    monkeypatch.setattr("mmext.mapping.put_together._MANY", 16)
    assert predict_scenes(pixelwise(tmp_path), sheets, many, SETTINGS) == []
    for kind in ("class", "probability"):
        with (
            rasterio.open(many / f"map_{kind}.gti.gpkg") as index,
            rasterio.open(few / f"map_{kind}.vrt") as vrt,
        ):
            assert index.driver == "GTI" and index.shape == vrt.shape
            assert index.crs == vrt.crs and index.nodata == vrt.nodata
            np.testing.assert_array_equal(index.read(), vrt.read())
            if kind == "class":
                assert index.colormap(1) == vrt.colormap(1)
    one, other = (geopandas.read_file(at / "map.gpkg") for at in (few, many))
    assert one["cut"].any() and not one["cut"].all()
    assert one.geom_equals(other).all() and (one["cut"] == other["cut"]).all()
    # Of fewer sheets there is none, and none of an earlier call.
    assert predict_scenes(pixelwise(tmp_path), sheets[:9], many, SETTINGS) == []
    assert not list(many.glob("*.gti.gpkg"))


@pytest.mark.parametrize("target", [0.35, 0.0])
def test_objects_as_flatgeobuf(tmp_path, target):
    image = noise(9, 48, target, error=target)
    sheets, _, _ = web_sheets(tmp_path / "in", image, 24)
    out = tmp_path / "map"
    predictor = pixelwise(tmp_path)
    assert predict_scenes(predictor, sheets, out, SETTINGS) == []
    expected = geopandas.read_file(out / "map.gpkg", layer="fields")
    assert predict_scenes(predictor, sheets, out, SETTINGS, "fgb") == []
    assert not (out / "map.gpkg").exists() and not list(out.glob(".*"))
    found = geopandas.read_file(out / "map.fgb")
    assert len(found) == len(expected) and (len(found) > 0) == (target > 0)
    assert found.crs == expected.crs and list(found.columns) == list(expected.columns)

    def rows(table):
        table = table.assign(geometry=table.geometry.to_wkt())
        return sorted(table.itertuples(index=False, name=None))

    assert rows(found) == rows(expected)


def test_sheets_on_several_grids_are_joined_and_the_rest_is_said(tmp_path):
    image = np.full((3, 16, 16), 200, np.uint8)
    grid = rasterio.Affine(1, 0, 0, 0, -1, 100)
    turned = grid * rasterio.Affine.translation(16, 0) * rasterio.Affine.rotation(0.2)
    sheets = [
        write(tmp_path / "a.tif", image, grid),
        write(tmp_path / "b.tif", image, turned),
    ]
    out = tmp_path / "m"
    failures = predict_scenes(pixelwise(tmp_path), sheets, out, SETTINGS)
    assert len(failures) == 2 and all("isn't north up" in line for line in failures)
    assert len(geopandas.read_file(out / "map.gpkg")) == 1


def test_plain_images_have_a_map_each(tmp_path, capsys):
    """They lie nowhere: not above each other, and their rows as QGIS shows them."""
    sheets = [tmp_path / f"{name}.png" for name in "ab"]
    for seed, sheet in enumerate(sheets):
        with rasterio.open(
            sheet, "w", driver="PNG", count=3, height=40, width=56, dtype="uint8"
        ) as raster:
            raster.write(noise(seed, 56)[:, :40])
    settings = dataclasses.replace(SETTINGS, min_area=3, spare_cut=False)
    out = tmp_path / "out"
    assert predict_scenes(pixelwise(tmp_path), sheets, out, settings) == []
    said = capsys.readouterr().out
    assert (
        "a.png: has no coordinate system and lies nowhere on the Earth: areas" in said
    )
    assert "2 of 2 sheets have no place on the Earth and aren't put together" in said
    assert not list(out.glob("map*"))
    for sheet in sheets:
        table = geopandas.read_file(out / f"{sheet.stem}.gpkg", layer="fields")
        assert table["area_m2"].min() == 3
        with rasterio.open(out / f"{sheet.stem}_class.tif") as raster:
            codes = raster.read(1)
        drawn = rasterize(table.geometry, codes.shape, transform=Affine.scale(1, -1))
        labels, number = ndimage.label(codes > 0)
        sizes = ndimage.sum(codes > 0, labels, np.arange(number + 1))
        np.testing.assert_array_equal(drawn > 0, (codes > 0) & (sizes >= 3)[labels])


def test_sheets_that_lie_somewhere_are_put_together_beside_others(tmp_path, capsys):
    placed, _, _ = web_sheets(tmp_path, noise(3, 64), 32)
    plain = tmp_path / "plain.png"
    with rasterio.open(
        plain, "w", driver="PNG", count=3, height=64, width=64, dtype="uint8"
    ) as raster:
        raster.write(noise(4, 64))
    alone, both = tmp_path / "alone", tmp_path / "both"
    assert predict_scenes(pixelwise(tmp_path), placed, alone, SETTINGS) == []
    assert predict_scenes(pixelwise(tmp_path), [plain, *placed], both, SETTINGS) == []
    assert "1 of 5 sheets have no place" in capsys.readouterr().out
    first, second = (
        geopandas.read_file(folder / "map.gpkg", layer="fields")
        for folder in (alone, both)
    )
    assert len(first) > 10
    assert_geodataframe_equal(first, second)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
@pytest.mark.parametrize("kilobytes", [64, 250, 500])
def test_a_full_disk_is_one_line_and_leaves_what_is_whole(tmp_path, kilobytes):
    sheets, _, _ = web_sheets(tmp_path / "in", noise(4, 192), 96)
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("can't mount a tmpfs here")
    try:
        out = disk / "map"
        with pytest.raises(CantWriteError, match="no space left") as caught:
            predict_scenes(pixelwise(tmp_path), sheets, out, SETTINGS)
        assert "\n" not in str(caught.value)
        assert not list(out.glob(".*"))
        notes = {path.stem for path in out.glob("*.json")}
        assert {path.stem for path in out.glob("*.gpkg")} <= notes | {"map"}
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        assert predict_scenes(pixelwise(tmp_path), sheets, out, SETTINGS) == []
        whole = tmp_path / "whole"
        predict_scenes(pixelwise(tmp_path), sheets, whole, SETTINGS)
        for path in whole.glob("*.tif"):
            assert (out / path.name).read_bytes() == path.read_bytes()
        one, other = (geopandas.read_file(at / "map.gpkg") for at in (out, whole))
        assert one.geom_equals(other).all()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_another_failure_does_not_stop_the_rest(tmp_path, monkeypatch):
    sheets, _, _ = web_sheets(tmp_path / "in", noise(5, 32), 16)
    sheets[1].write_bytes(b"")
    cut_short(sheets[2])
    failures = predict_scenes(pixelwise(tmp_path), sheets, tmp_path / "m", SETTINGS)
    assert [line.split(":")[0] for line in failures] == [str(s) for s in sheets[1:3]]
    notes = [json.loads(p.read_text()) for p in (tmp_path / "m").glob("*.json")]
    assert len(notes) == 2


def test_two_at_once_into_one_folder_are_refused(mapped):
    _, out, again = mapped
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    with locked(out), pytest.raises(UserError, match="in use by process"):
        again(sha256="b" * 64)
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == before
