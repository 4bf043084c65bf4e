import geopandas
import numpy as np
import pytest
import rasterio
from shapely.geometry import box

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.prepare.cutting import cut_scenes
from mmext.prepare.cutting_settings import Cutting
from mmext.prepare.labels import LabelSource
from mmext.prepare.scenes import Scene


@pytest.fixture
def fields(tmp_path):
    table = geopandas.GeoSeries(
        [box(200_005, 499_992, 200_010, 499_997)], crs="EPSG:5186"
    )
    table.to_file(tmp_path / "fields.gpkg")
    return LabelSource(tmp_path / "fields.gpkg")


def random_image(dtype, shape=(3, 30, 41)):
    return np.random.default_rng(0).integers(1, 250, shape).astype(dtype)


def mosaic(store):
    """The scene from its tiles, with what lies beyond its edge."""
    table = store.tiles
    size = store.meta["tile_size"]
    rows, columns = table["row_off"].max() + size, table["col_off"].max() + size
    image = np.zeros((rows, columns, store.images.shape[3]), store.images.dtype)
    mask = np.full((rows, columns), 254, np.uint8)
    for tile in table.itertuples():
        place = np.s_[
            tile.row_off : tile.row_off + size, tile.col_off : tile.col_off + size
        ]
        image[place] = store.images[tile.tile_id]
        mask[place] = store.masks[tile.tile_id]
    return image, mask


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("size, stride", [(16, None), (16, 8), (64, None)])
def test_tiles_put_together_are_the_scene(
    tmp_path, write_raster, fields, dtype, size, stride
):
    image = random_image(dtype)
    scene = Scene("a", write_raster("a.tif", image), fields)
    cut_scenes([scene], tmp_path / "s", Cutting(size, stride))
    store = TileStore(tmp_path / "s")
    found, mask = mosaic(store)
    assert store.images.dtype == dtype
    np.testing.assert_array_equal(found[:30, :41].transpose(2, 0, 1), image)
    expected = np.zeros((30, 41), np.uint8)
    expected[6:16, 10:20] = 1
    np.testing.assert_array_equal(mask[:30, :41], expected)
    assert (mask[30:] == 255).all() and (mask[:, 41:] == 255).all()
    assert (found[30:] == 0).all()
    store.verify()


def test_bands_are_chosen_and_described(tmp_path, write_raster, fields):
    image = random_image("uint16", (5, 20, 20))
    path = write_raster("a.tif", image)
    meta = cut_scenes(
        [Scene("a", path, fields)], tmp_path / "s", Cutting(20, bands=(4, 2))
    )
    store = TileStore(tmp_path / "s")
    np.testing.assert_array_equal(store.images[0].transpose(2, 0, 1), image[[3, 1]])
    assert meta["band_indexes"] == [4, 2]
    with pytest.raises(UserError, match="has 5 bands, band 6 is asked for"):
        cut_scenes([Scene("a", path, fields)], tmp_path / "t", Cutting(bands=(6,)))


def test_no_data_is_ignored_and_empty_tiles_left_out(tmp_path, write_raster, fields):
    image = random_image("uint8", (3, 32, 48))
    image[:, :, 16:32] = 0
    image[:, :5, :16] = 0
    path = write_raster("a.tif", image, nodata=0)
    meta = cut_scenes([Scene("a", path, fields)], tmp_path / "s", Cutting(16))
    store = TileStore(tmp_path / "s")
    assert meta["num_tiles"] == 4
    assert set(store.tiles["col_off"]) == {0, 32}
    assert (store.masks[0][:5] == 255).all() and (store.masks[0][5:] != 255).all()
    assert min(meta["min"]) >= 1
    # A file that lies about its no-data value is overruled.
    everything = cut_scenes(
        [Scene("a", path, fields)], tmp_path / "t", Cutting(16, nodata=None)
    )
    assert everything["num_tiles"] == 6 and min(everything["min"]) == 0


def test_not_a_number_is_no_data(tmp_path, write_raster, fields):
    image = random_image("float32", (1, 16, 16))
    image[0, 3, 4] = np.nan
    cut_scenes(
        [Scene("a", write_raster("a.tif", image), fields)], tmp_path / "s", Cutting(16)
    )
    store = TileStore(tmp_path / "s")
    assert store.masks[0, 3, 4] == 255 and store.images[0, 3, 4, 0] == 0
    assert np.isfinite(store.meta["mean"]).all()


def test_an_alpha_band_is_a_mask_and_no_band(tmp_path, write_raster, fields):
    image = random_image("uint8", (4, 16, 16))
    image[3] = 255
    image[3, 10:] = 0
    path = write_raster("a.tif", image, photometric="rgb", alpha="yes")
    cut_scenes([Scene("a", path, fields)], tmp_path / "s", Cutting(16))
    store = TileStore(tmp_path / "s")
    assert store.meta["band_indexes"] == [1, 2, 3]
    assert (store.masks[0][10:] == 255).all() and (store.masks[0][:10] != 255).all()


def nir_flagged_alpha(write_raster, rows=slice(4, 8)):
    """As in NAIP sheets: the near infrared is flagged alpha and 0 over water."""
    image = random_image("uint8", (4, 30, 41))
    image[3, rows] = 0
    path = write_raster("naip.tif", image, photometric="rgb", alpha="yes")
    return image, path


def test_a_chosen_band_never_masks(tmp_path, write_raster, fields, capsys):
    image, path = nir_flagged_alpha(write_raster)
    scene = Scene("a", path, fields)
    cut_scenes([scene], tmp_path / "s", Cutting(16, bands=(1, 2, 3, 4)))
    store = TileStore(tmp_path / "s")
    found, mask = mosaic(store)
    np.testing.assert_array_equal(found[:30, :41].transpose(2, 0, 1), image)
    assert (mask[:30, :41] != 255).all()
    assert "alpha" not in capsys.readouterr().out


def test_a_dropped_band_is_announced(tmp_path, write_raster, fields, capsys):
    _, path = nir_flagged_alpha(write_raster)
    cut_scenes([Scene("a", path, fields)], tmp_path / "s", Cutting(16))
    [line] = [x for x in capsys.readouterr().out.splitlines() if "alpha" in x]
    assert "naip.tif: band 4 is flagged alpha" in line
    assert "--bands 1 2 3 4 keeps it" in line
    assert "looks like data, not like a mask" in line


def test_a_colour_table_is_expanded(tmp_path, write_raster, fields):
    indices = np.random.default_rng(0).integers(0, 4, (1, 30, 41)).astype(np.uint8)
    path = write_raster("p.tif", indices)
    table = {i: (60 * i, 200 - 50 * i, i * i, 255) for i in range(4)}
    with rasterio.open(path, "r+") as raster:
        raster.write_colormap(1, table)
    meta = cut_scenes([Scene("a", path, fields)], tmp_path / "s", Cutting(16))
    found, mask = mosaic(TileStore(tmp_path / "s"))
    expected = np.array([table[i][:3] for i in range(4)], np.uint8)[indices[0]]
    np.testing.assert_array_equal(found[:30, :41], expected)
    assert meta["band_indexes"] == [1, 2, 3] and (mask[:30, :41] != 255).all()
    with pytest.raises(UserError, match="its one band holds indices"):
        cut_scenes([Scene("a", path, fields)], tmp_path / "t", Cutting(16, bands=(1,)))


def test_labels_elsewhere_are_refused(tmp_path, write_raster, fields):
    path = write_raster("a.tif", random_image("uint8"), origin=(300_000.0, 500_000.0))
    with pytest.raises(UserError, match=r"none of its polygons lies on .*a\.tif"):
        cut_scenes([Scene("a", path, fields)], tmp_path / "s", Cutting(16))
    mask = LabelSource(write_raster("m.tif", np.ones((1, 30, 41), np.uint8)))
    with pytest.raises(UserError, match="labels no pixel of its scenes"):
        cut_scenes([Scene("a", path, mask)], tmp_path / "s", Cutting(16))
    assert not (tmp_path / "s").exists()


def test_what_is_left_out_is_said(tmp_path, write_raster, fields, capsys):
    image = random_image("uint8", (3, 32, 48))
    image[:, :, 16:32] = 0
    image[:, :5, :16] = 0
    scenes = [
        Scene(name, write_raster(f"{name}.tif", image, nodata=0, origin=origin), fields)
        for name, origin in (("a", (200_000.0, 500_000.0)), ("b", (9e4, 5e5)))
    ]
    cut_scenes(scenes, tmp_path / "s", Cutting(16, stride=16, min_valid=0.9))
    said = capsys.readouterr().out
    assert "4 tiles left out: no valid pixel" in said
    assert "2 tiles left out: fewer than 90% of their pixels valid" in said
    assert "no target in it, by its labels" in said
    cut_scenes(scenes[:1], tmp_path / "t", Cutting(8, stride=20))
    assert "12 pixels between tiles are not cut" in capsys.readouterr().out
    with pytest.raises(UserError, match="--min-valid: is 1, and none of 1 tiles"):
        cut_scenes(scenes[:1], tmp_path / "u", Cutting(64, min_valid=1.0))


@pytest.mark.parametrize(
    ("side", "bands", "expected"),
    [
        (10**9, 1, "16777216 a side"),
        (60_000_000, 1, "16777216 a side"),
        (32, 5000, "4096"),
    ],
)
def test_absurd_headers_are_refused_at_once(tmp_path, fields, side, bands, expected):
    path = tmp_path / "a.vrt"
    path.write_text(
        f'<VRTDataset rasterXSize="{side}" rasterYSize="{side}"><SRS>EPSG:5186</SRS>'
        "<GeoTransform>200000, 0.5, 0, 500000, 0, -0.5</GeoTransform>"
        + '<VRTRasterBand dataType="Byte"/>' * bands
        + "</VRTDataset>"
    )
    with pytest.raises(UserError, match=f"expected at most {expected}"):
        cut_scenes([Scene("a", path, fields)], tmp_path / "s", Cutting(16))


def test_footprints_lie_on_the_scene(tmp_path, write_raster, fields):
    path = write_raster("a.tif", random_image("uint8", (3, 32, 32)))
    cut_scenes([Scene("a", path, fields)], tmp_path / "s", Cutting(16))
    tiles = TileStore(tmp_path / "s").tiles
    assert tiles.crs.to_epsg() == 5186
    assert tiles.geometry.iloc[3].bounds == (200_008, 499_984, 200_016, 499_992)


def test_the_grounds_pixel_size_in_web_mercator(tmp_path, write_raster):
    """At 60° north a metre of web Mercator is half a metre of ground."""
    path = write_raster(
        "a.tif",
        random_image("uint8", (3, 8, 8)),
        crs="EPSG:3857",
        origin=(0.0, 8_399_737.9),
        pixel=1.0,
    )
    mask = write_raster("m.tif", np.ones((1, 8, 8), np.uint8), crs=None)
    meta = cut_scenes([Scene("a", path, LabelSource(mask))], tmp_path / "s", Cutting(8))
    # On the ellipsoid, 0.50 along the parallel and 0.50 along the meridian.
    assert meta["pixel_size_m"] == pytest.approx(0.5, abs=0.003)


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(array=random_image("uint16")), "dtype uint16, the first scene has uint8"),
        (dict(array=random_image("uint8", (2, 30, 41))), "bands"),
        (dict(crs="EPSG:5179"), "crs"),
        (dict(pixel=0.6), "pixels of 0.600 m, the first scene has 0.500 m"),
    ],
)
def test_scenes_that_differ_are_refused(
    tmp_path, write_raster, fields, change, message
):
    first = Scene("a", write_raster("a.tif", random_image("uint8")), fields)
    arguments = {"array": random_image("uint8"), **change}
    second = Scene("b", write_raster("b.tif", **arguments), fields)
    with pytest.raises(UserError, match=message):
        cut_scenes([first, second], tmp_path / "s", Cutting(16))
    assert not (tmp_path / "s").exists()


def test_refusals(tmp_path, write_raster, fields):
    good = Scene("a", write_raster("a.tif", random_image("uint8")), fields)
    complex_scene = Scene("c", write_raster("c.tif", random_image("int16")), fields)
    with pytest.raises(UserError, match="data type int16, expected one of uint8"):
        cut_scenes([complex_scene], tmp_path / "s", Cutting(16))
    nothing = np.zeros((3, 30, 41), np.uint8)
    empty = Scene("e", write_raster("e.tif", nothing, nodata=0), fields)
    with pytest.raises(UserError, match="no tile has valid pixels"):
        cut_scenes([empty], tmp_path / "s", Cutting(16))
    cut_scenes([good], tmp_path / "s", Cutting(16))
    with pytest.raises(UserError, match="--overwrite replaces it"):
        cut_scenes([good], tmp_path / "s", Cutting(16))
    cut_scenes([good], tmp_path / "s", Cutting(32), overwrite=True)
    assert TileStore(tmp_path / "s").meta["tile_size"] == 32


@pytest.mark.parametrize("overwrite", [False, True])
def test_only_a_store_is_ever_replaced(tmp_path, write_raster, fields, overwrite):
    scene = Scene("a", write_raster("a.tif", random_image("uint8")), fields)
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.tex").write_text("years of work")
    for out in (folder, folder / "chapter.tex"):
        with pytest.raises(UserError, match="is no tile store"):
            cut_scenes([scene], out, Cutting(16), overwrite=overwrite)
    assert (folder / "chapter.tex").read_text() == "years of work"


def test_a_torn_scene_leaves_nothing_behind(tmp_path, write_raster, fields):
    path = write_raster("a.tif", random_image("uint8", (3, 600, 600)))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(UserError, match="can't be read"):
        cut_scenes([Scene("a", path, fields)], tmp_path / "s", Cutting(64))
    assert not (tmp_path / "s").exists()
    assert not list(tmp_path.glob(".s*"))


def test_by_pixel_scenes_of_several_systems_are_together(
    tmp_path, write_raster, fields
):
    """Labels whose files lie elsewhere belong to the pixels of their image."""
    images = [random_image("uint8", (3, 16, 16)), random_image("uint8", (3, 16, 16))]
    mask = (images[0][0] > 125).astype(np.uint8)
    labels = LabelSource(
        write_raster("m.tif", mask[None], origin=(300_000.0, 400_000.0))
    )
    scenes = [
        Scene("a", write_raster("a.tif", images[0]), labels),
        Scene("b", write_raster("b.tif", images[1], "EPSG:32652", 1.5), labels),
    ]
    with pytest.raises(UserError, match=r"b\.tif: crs"):
        cut_scenes(scenes, tmp_path / "s", Cutting(16))
    meta = cut_scenes(scenes, tmp_path / "s", Cutting(16, by_pixel=True))
    store = TileStore(tmp_path / "s")
    assert (meta["crs"], meta["pixel_size"], meta["pixel_size_m"]) == (None,) * 3
    for tile in range(2):
        np.testing.assert_array_equal(store.masks[tile], mask)
        np.testing.assert_array_equal(
            store.images[tile].transpose(2, 0, 1), images[tile]
        )
    assert store.tiles.total_bounds.tolist() == [0, -16, 16, 0]
    with pytest.raises(UserError, match="holds polygons, --by-pixel leaves out"):
        cut_scenes(
            [Scene("a", tmp_path / "a.tif", fields)],
            tmp_path / "t",
            Cutting(16, by_pixel=True),
        )
