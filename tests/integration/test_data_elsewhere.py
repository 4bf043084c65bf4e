"""Commands on data that a server of this machine gives, as on the same data here."""

import json
import shutil

import geopandas
import numpy as np
import pytest
from shapely.geometry import box

from .commands import tool

pytestmark = pytest.mark.slow
SECRET = "SECRETSIGNATURE"


@pytest.fixture
def data(server, write_raster):
    """An orthophoto, its labels and a map of them, here and on the server."""
    image = np.random.default_rng(0).integers(1, 256, (3, 200, 300)).astype(np.uint8)
    path = write_raster("ortho.tif", image)
    left, top = 200_000, 500_000
    shapes = [box(left + x, top - 60, left + x + 20, top - 30) for x in (10, 60)]
    labels = geopandas.GeoDataFrame({"crop": ["a", "b"]}, geometry=shapes, crs=5186)
    labels.to_file(path.with_name("fields.gpkg"))
    moved = labels.set_geometry(labels.translate(2, 0).set_crs(5186))
    moved.to_file(path.with_name("map.geojson"), driver="GeoJSON")
    for name in ("ortho.tif", "fields.gpkg", "map.geojson"):
        shutil.copy(path.with_name(name), server.folder)
    server.set(query=f"sig={SECRET}")
    return path.parent


def everything_in(folder):
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


def test_a_store_is_that_of_the_files_here(server, data, tmp_path):
    def address(name):
        return f"{server.url}/{name}?sig={SECRET}"

    options = ["--label-where", "crop = 'b'", "--tile-size", 64]
    here, there = tmp_path / "here", tmp_path / "there"
    own = [data / "ortho.tif", "--labels", data / "fields.gpkg"]
    tool("prepare_tiles", *own, *options, "--out", here)
    shared = [address("ortho.tif"), "--labels", address("fields.gpkg")]
    result = tool("prepare_tiles", *shared, *options, "--out", there)
    records = [json.loads((f / "store.json").read_text()) for f in (here, there)]
    assert records[0]["fingerprint"] == records[1]["fingerprint"]
    assert records[1]["scenes"]["ortho"]["path"] == f"{server.url}/ortho.tif"
    assert records[0]["positive_share"] > 0
    assert SECRET not in result.stdout + result.stderr
    assert SECRET.encode() not in everything_in(there)


def test_an_evaluation_is_that_of_the_files_here(server, data, tmp_path):
    results = []
    for name, where in {"here": f"{data}/", "there": f"{server.url}/"}.items():
        query = f"?sig={SECRET}" if name == "there" else ""
        mapped, labels, area = (
            f"{where}{file}{query}"
            for file in ("map.geojson", "fields.gpkg", "ortho.tif")
        )
        out = tmp_path / name
        options = ["--labels", labels, "--area", area, "--out", out]
        results.append(tool("evaluate_map", mapped, *options).stdout)
        assert SECRET.encode() not in everything_in(out)
    assert results[0] == results[1]
    assert "2 of 2 true ones found" in results[0]


def test_a_file_that_is_not_there_is_one_line(server, data, tmp_path):
    query = f"?sig={SECRET}"
    for arguments, said in {
        (f"{server.url}/none.tif{query}", "--labels", data / "fields.gpkg"): (
            f"error: {server.url}/none.tif: no such file (HTTP response code: 404)\n"
        ),
        (data / "ortho.tif", "--labels", f"{server.url}/none.gpkg{query}"): (
            f"error: {server.url}/none.gpkg: no such label file\n"
        ),
        (f"{server.url}/ortho.tif?sig=WRONG", "--labels", data / "fields.gpkg"): (
            f"error: {server.url}/ortho.tif: can't be read (HTTP response code: 403)\n"
        ),
    }.items():
        out = tmp_path / "out"
        result = tool("prepare_tiles", *arguments, "--out", out, ok=False)
        assert result.returncode == 2
        assert result.stderr.endswith(said)
        assert not out.exists()


@pytest.mark.parametrize("name", ["https://h/out", "s3://bucket/out", "/vsis3/b/out"])
def test_results_are_written_here_alone(data, name):
    options = ["--labels", data / "fields.gpkg", "--out", name]
    result = tool("prepare_tiles", data / "ortho.tif", *options, ok=False)
    assert f"--out: is '{name}', expected a path of this machine" in result.stderr


def test_labels_on_a_server_are_corrected_into_a_file_here(server, data, tmp_path):
    review = tmp_path / "review.gpkg"
    left, top = 200_000, 500_000
    geopandas.GeoDataFrame(
        {
            "rank": [1],
            "kind": ["missing target"],
            "verdict": ["accept"],
            "labels": [""],
            "label_seen": [1.0],
        },
        geometry=[box(left + 100, top - 60, left + 120, top - 30)],
        crs=5186,
    ).to_file(review, layer="candidates")
    labels, out = f"{server.url}/fields.gpkg?sig={SECRET}", tmp_path / "corrected.gpkg"
    options = ["--apply", review, "--labels", labels, "--out", out]
    result = tool("review_labels", *options)
    assert len(geopandas.read_file(out)) == 3
    assert SECRET not in result.stdout + result.stderr
