import json

import pytest

from mmext.errors import UserError
from mmext.location import Address, locate
from mmext.prepare.scene_list import expand_images
from mmext.prepare.stac_item import item_rasters

COG = "image/tiff; application=geotiff; profile=cloud-optimized"


def item(name="S2A/31 T", **assets):
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "geometry": None,
        "properties": {"datetime": "2026-01-01T00:00:00Z"},
        "links": [],
        "assets": assets,
    }


def asset(href, kind=COG, *roles):
    return {"href": href, "type": kind, "roles": list(roles)}


@pytest.fixture
def write(tmp_path):
    def _write(content):
        path = tmp_path / "item.json"
        path.write_text(json.dumps(content))
        return path

    return _write


def test_the_only_raster_is_taken_and_called_as_its_item(write):
    path = write(
        item(
            visual=asset("https://h/x/TCI.tif?sig=1"),
            preview=asset("https://h/x/preview.jpg", "image/jpeg", "thumbnail"),
            small=asset("https://h/x/small.tif", COG, "overview"),
            about=asset("https://h/x/about.json", "application/json", "metadata"),
            cloud=asset("https://h/x/points.laz", "application/vnd.laszip+copc"),
        )
    )
    [found] = expand_images([str(path)])
    assert (str(found), found.stem) == ("https://h/x/TCI.tif", "S2A_31_T")


def test_a_raster_here_lies_beside_its_item(write, tmp_path):
    [found] = item_rasters(write(item(data={"href": "./d/a.tif"})))
    assert isinstance(found, Address)
    assert (found.path, found.stem) == (tmp_path / "d" / "a.tif", "S2A_31_T")


def test_which_asset_must_be_said_where_there_are_several(write):
    path = write(item(red=asset("s3://b/r.tif"), blue=asset("s3://b/b.tif")))
    with pytest.raises(
        UserError, match=r"31 T has 2 rasters: red, blue, expected one;"
    ):
        item_rasters(path)
    [found] = item_rasters(path, ["blue"])
    assert (str(found), found.stem) == ("s3://b/b.tif", "S2A_31_T")
    both = expand_images([str(path)], ["red", "blue"])
    assert [place.stem for place in both] == ["S2A_31_T_red", "S2A_31_T_blue"]
    with pytest.raises(
        UserError, match=r"--asset: .* has no green in S2A/31 T, it has"
    ):
        item_rasters(path, ["green"])


def test_a_search_gives_all_its_items(write):
    items = [item(name, visual=asset(f"https://h/{name}/TCI.tif")) for name in "ab"]
    found = item_rasters(write({"type": "FeatureCollection", "features": items}))
    assert [place.stem for place in found] == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"type": "Feature", "properties": {}}, r"item\.json\.id: missing"),
        (item(a={"type": COG}), r"item\.json\.assets\.a\.href: missing"),
        ({"type": "FeatureCollection"}, r"item\.json\.features: is None, expected a"),
        (item(), "S2A/31 T has no rasters, expected one"),
        ([1], "is .*, expected a table"),
    ],
)
def test_what_is_no_item_is_refused(write, content, said):
    with pytest.raises(UserError, match=said):
        item_rasters(write(content))


def test_assets_are_of_items(tmp_path):
    (tmp_path / "a.tif").touch()
    with pytest.raises(UserError, match="--asset: given without a STAC item"):
        expand_images([str(tmp_path / "a.tif")], ["visual"])


def test_items_and_lists_lie_on_servers(server):
    folder = server.folder
    (folder / "items").mkdir()
    content = json.dumps(item("x", data=asset("../x.tif")))
    (folder / "items" / "x.json").write_text(content)
    # As an API has it: no ending, but a type.
    (folder / "items" / "y").write_text(content.replace('"x"', '"y"'))
    server.set(types={"/items/y": "application/geo+json"})
    (folder / "list.txt").write_text(
        "a.tif\nitems/x.json\nhttps://h/b.tif?sig=1\nitems/y?token=SECRETSECRET\n"
    )
    found = expand_images([f"{server.url}/list.txt?sig=SECRETSECRET"])
    assert [str(place) for place in found] == [
        f"{server.url}/a.tif",
        f"{server.url}/x.tif",
        "https://h/b.tif",
        f"{server.url}/x.tif",
    ]
    assert [place.stem for place in found] == ["a", "x", "b", "y"]
    assert found[0] == locate(f"{server.url}/a.tif")


def test_a_list_here_names_files_and_addresses(tmp_path):
    (tmp_path / "a.tif").touch()
    lines = [str(tmp_path / "a.tif"), "https://h/b.tif", "/vsis3/bucket/c.tif"]
    (tmp_path / "list.txt").write_text("\n".join(lines))
    found = expand_images([str(tmp_path / "list.txt")])
    assert [str(place) for place in found] == lines
    assert found[0] == tmp_path / "a.tif"
