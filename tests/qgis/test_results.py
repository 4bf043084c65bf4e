"""Results are looked for where mmext writes them."""

from pathlib import Path

import pytest
from mmext_processing.results import map_paths, scene_name

from mmext.location import locate
from mmext.mapping.predict_scene import result_paths


@pytest.mark.parametrize(
    "raster",
    [
        "/data/north 1.tif",
        "/data/a.b.tif",
        "/data/100%20.tif",
        "/data/no_ending",
        "/vsizip//data/a.zip/in/north%201.tif",
        "/vsicurl/https://host/a%20b.tif?token=1",
        "/vsis3/bucket/key/sheet.tif",
    ],
)
def test_names_are_mmexts(raster, monkeypatch):
    monkeypatch.setattr("mmext.hiding._hidden", set())
    scene = locate(raster)
    assert scene_name(raster) == scene.stem
    probability, classes, polygons = map(str, result_paths(scene, Path("out")))
    assert map_paths(raster, "out") == {
        "polygons": f"{polygons}|layername=fields",
        "classes": classes,
        "probability": probability,
    }
