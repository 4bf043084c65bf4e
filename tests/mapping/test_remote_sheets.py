"""Sheets on a server: mapped as those here are, and told from what they become."""

import os

import geopandas
import numpy as np
import pytest
import rasterio
from geopandas.testing import assert_geodataframe_equal
from rasterio.transform import from_origin

from mmext.checked import read_json
from mmext.errors import UserError
from mmext.inference.prediction_settings import PredictionSettings
from mmext.location import locate
from mmext.mapping.many_scenes import merge_scenes, predict_scenes
from mmext.mapping.scene_note import SceneNote

from .test_many_scenes import pixelwise

SETTINGS = PredictionSettings(window=128)
SECRET = "SECRETSIGNATURE"
KINDS = ("probability.tif", "class.tif")


def squares(height, width):
    """Objects of 64 px in the bands that decide; noise, so many bytes, in the third."""
    generator = np.random.default_rng(0)
    few = generator.integers(0, 251, (3, height // 64, width // 64), np.uint8)
    image = few.repeat(64, axis=1).repeat(64, axis=2)
    image[2] = generator.integers(0, 256, (height, width), np.uint8)
    image[:, :40, :70] = 0
    return image


def write_cog(path, image, left=0):
    side = image.shape[1]
    with rasterio.open(
        path,
        "w",
        driver="COG",
        count=3,
        height=side,
        width=side,
        dtype="uint8",
        crs="EPSG:3857",
        transform=from_origin(left, 0, 1, 1),
        blocksize=128,
        nodata=0,
    ) as raster:
        raster.write(image)
    return path


def mapped(folder, name):
    rasters = []
    for kind in KINDS:
        with rasterio.open(folder / f"{name}_{kind}") as raster:
            rasters.append((raster.profile, raster.read()))
    return rasters, geopandas.read_file(folder / f"{name}.gpkg", layer="fields")


def assert_same_map(one, other, name):
    for (profile, pixels), (own_profile, own_pixels) in zip(
        mapped(one, name)[0], mapped(other, name)[0], strict=True
    ):
        assert profile == own_profile
        np.testing.assert_array_equal(pixels, own_pixels)
    assert_geodataframe_equal(mapped(one, name)[1], mapped(other, name)[1])


@pytest.fixture
def sheets(server):
    image = squares(512, 1024)
    return [
        write_cog(server.folder / f"{name}.tif", image[:, :, left : left + 512], left)
        for name, left in (("west", 0), ("east", 512))
    ]


@pytest.fixture
def predictor(tmp_path):
    return pixelwise(tmp_path, reach=8)


def test_the_map_is_that_of_the_files_here(server, sheets, predictor, tmp_path):
    remote = [locate(f"{server.url}/{sheet.name}?sig={SECRET}") for sheet in sheets]
    assert predict_scenes(predictor, sheets, tmp_path / "here", SETTINGS) == []
    assert predict_scenes(predictor, remote, tmp_path / "there", SETTINGS) == []
    for sheet in sheets:
        assert_same_map(tmp_path / "there", tmp_path / "here", sheet.stem)
    merged = [
        geopandas.read_file(tmp_path / folder / "map.gpkg")
        for folder in ("here", "there")
    ]
    assert_geodataframe_equal(*merged)
    served = [answer.sent for answer in server.log()]
    # Overviews and what lies beside the files stay where they are.
    assert sum(served) < sum(sheet.stat().st_size for sheet in sheets) * 0.9


def test_no_secret_is_written_anywhere(server, sheets, predictor, tmp_path, capfd):
    server.set(query=f"sig={SECRET}")
    user = server.url.replace("http://", "http://someone:password123@")
    scenes = [locate(f"{user}/{sheet.name}?sig={SECRET}") for sheet in sheets]
    out = tmp_path / "out"
    assert predict_scenes(predictor, scenes, out, SETTINGS) == []
    files = [path for path in out.rglob("*") if path.is_file()]
    assert {f"{sheet.stem}.json" for sheet in sheets} <= {path.name for path in files}
    for path in files:
        for secret in (SECRET, "password123"):
            assert secret.encode() not in path.read_bytes()
            assert secret not in path.name
    shown = "".join(capfd.readouterr())
    assert SECRET not in shown
    assert "password123" not in shown
    note = read_json(out / "west.json", SceneNote)
    assert note.scene == f"{server.url}/west.tif"


def test_of_a_large_file_only_the_part_is_served(server, predictor, tmp_path):
    """A VRT here that shows a part of a file there, as gdal_translate -projwin."""
    large = write_cog(server.folder / "large.tif", squares(3072, 3072))
    name = f"/vsicurl/{server.url}/large.tif"
    bands = "".join(
        f'<VRTRasterBand dataType="Byte" band="{band}"><NoDataValue>0</NoDataValue>'
        f'<SimpleSource><SourceFilename relativeToVRT="0">{name}</SourceFilename>'
        f'<SourceBand>{band}</SourceBand><SrcRect xOff="1000" yOff="1500" xSize="300" '
        'ySize="200"/><DstRect xOff="0" yOff="0" xSize="300" ySize="200"/>'
        "</SimpleSource></VRTRasterBand>"
        for band in (1, 2, 3)
    )
    (tmp_path / "part.vrt").write_text(
        '<VRTDataset rasterXSize="300" rasterYSize="200"><SRS>EPSG:3857</SRS>'
        f"<GeoTransform>1000, 1, 0, -1500, 0, -1</GeoTransform>{bands}</VRTDataset>"
    )
    out = tmp_path / "out"
    assert predict_scenes(predictor, [tmp_path / "part.vrt"], out, SETTINGS) == []
    served = sum(answer.sent for answer in server.log())
    with rasterio.open(large) as raster:
        pixels = raster.read([1, 2])[:, 1500:1700, 1000:1300]
        valid = (raster.read()[:, 1500:1700, 1000:1300] != 0).any(axis=0)
    [(_, found), _], _ = mapped(out, "part")
    np.testing.assert_array_equal(found[:, valid], pixels[:, valid])
    assert 0 < served < large.stat().st_size / 20


def test_what_has_not_changed_is_not_read_again(
    server, sheets, predictor, tmp_path, capsys
):
    # A signature is another one each time.
    scenes = [
        [locate(f"{server.url}/{sheet.name}?sig={SECRET}{day}") for sheet in sheets]
        for day in (1, 2, 3)
    ]
    out = tmp_path / "out"
    predict_scenes(predictor, scenes[0], out, SETTINGS)
    server.log()
    capsys.readouterr()
    assert predict_scenes(predictor, scenes[1], out, SETTINGS) == []
    assert capsys.readouterr().out.count("mapped already") == 2
    assert sum(answer.sent for answer in server.log()) == 0
    facts = sheets[0].stat()
    # Of the same size and, by the seconds that a server tells, of the same time.
    os.utime(sheets[0], ns=(facts.st_atime_ns, facts.st_mtime_ns + 1))
    assert predict_scenes(predictor, scenes[2], out, SETTINGS) == []
    shown = capsys.readouterr().out
    assert f"{server.url}/west.tif: mapped again, it is another file" in shown
    assert f"{server.url}/east.tif: mapped already" in shown


def test_without_etag_and_date_nothing_is_believed(
    server, sheets, predictor, tmp_path, capsys
):
    scenes = [locate(f"{server.url}/{sheet.name}") for sheet in sheets]
    out = tmp_path / "out"
    server.set(etags=False, dates=False)
    for _ in range(2):
        assert predict_scenes(predictor, scenes, out, SETTINGS) == []
    shown = capsys.readouterr().out
    assert shown.count("mapped again, its server says neither ETag nor Last-Mod") == 2
    # What parts of a pile were mapped by other calls can only be believed.
    assert merge_scenes(predictor, scenes, out, SETTINGS) == []
    assert capsys.readouterr().out.count("neither ETag nor Last-Mod") == 2


def test_a_server_that_dies_leaves_nothing_half_written(
    server, sheets, predictor, tmp_path, caplog
):
    scenes = [locate(f"{server.url}/{sheet.name}?sig={SECRET}") for sheet in sheets]
    out = tmp_path / "out"
    server.set(dies_after=3)
    failures = predict_scenes(predictor, scenes, out, SETTINGS)
    assert len(failures) == 2
    assert failures[0].startswith(f"{server.url}/west.tif: can't be read")
    assert "503" in failures[0]
    assert SECRET not in "".join(failures) + caplog.text
    assert list(out.glob("**/*")) == []
    server.set(dies_after=None)
    assert predict_scenes(predictor, scenes, out, SETTINGS) == []


def test_what_is_finished_outlives_a_server_that_is_down(
    server, sheets, predictor, tmp_path
):
    scenes = [locate(f"{server.url}/{sheet.name}") for sheet in sheets]
    out = tmp_path / "out"
    predict_scenes(predictor, scenes, out, SETTINGS)
    before = {p.name: p.stat().st_mtime_ns for p in out.glob("*_*.tif")}
    server.set(down=True)
    failures = predict_scenes(predictor, scenes, out, SETTINGS)
    assert ["503" in line for line in failures] == [True, True]
    server.set(down=False)
    server.log()
    assert predict_scenes(predictor, scenes, out, SETTINGS) == []
    assert {p.name: p.stat().st_mtime_ns for p in out.glob("*_*.tif")} == before


def test_a_file_that_is_gone_is_as_one_here_that_is_gone(
    server, sheets, predictor, tmp_path
):
    scenes = [locate(f"{server.url}/{sheet.name}") for sheet in sheets]
    out = tmp_path / "out"
    predict_scenes(predictor, scenes, out, SETTINGS)
    sheets[0].unlink()
    [failure] = predict_scenes(predictor, scenes, out, SETTINGS)
    assert failure.startswith(f"{server.url}/west.tif: no such file")
    assert not (out / "west.json").exists()


def test_two_of_one_name_are_refused(server, predictor, tmp_path):
    scenes = [locate("https://h/x/a.tif?1"), locate("s3://bucket/y/a.tif")]
    with pytest.raises(
        UserError, match=r"two are called a \(https://h/x/a\.tif and s3"
    ):
        predict_scenes(predictor, scenes, tmp_path / "out", SETTINGS)


def test_notes_of_before_are_still_understood(sheets, predictor, tmp_path, capsys):
    out = tmp_path / "out"
    predict_scenes(predictor, sheets[:1], out, SETTINGS)
    note = out / "west.json"
    text = note.read_text()
    assert '"version": null' in text
    note.write_text(text.replace(',\n  "version": null', ""))
    capsys.readouterr()
    predict_scenes(predictor, sheets[:1], out, SETTINGS)
    assert "mapped already" in capsys.readouterr().out
