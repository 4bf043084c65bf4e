"""The plugin in a real QGIS, from its ZIP, with a real model."""

import json

import geopandas
import pandas
import pytest
import rasterio
from rasterio.windows import Window

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mapped(job, tmp_path_factory):
    """The map of the command line."""
    from ..integration.commands import run

    out = tmp_path_factory.mktemp("command line")
    run(job.program, "predict", job.checkpoint, job.image, "--out", out)
    return out


@pytest.fixture(scope="module")
def reviewed(job, tmp_path_factory):
    """The review of the command line, of which the first candidates are accepted."""
    from ..integration.commands import run

    review = tmp_path_factory.mktemp("review") / "review.gpkg"
    run(
        *(job.program, "review", job.bank, job.checkpoint, "--store", job.store),
        *("--labels", job.labels, "--label-where", "crop = 'ginseng'"),
        *("--out", review),
    )
    return review


def same_tables(one, other, layer):
    tables = [geopandas.read_file(path, layer=layer) for path in (one, other)]
    pandas.testing.assert_frame_equal(*tables)
    return tables[0]


def test_qgis_lists_them_and_what_they_take(qgis):
    said = qgis.process("list")
    for line in (
        "mmext:predict\tMap a raster layer",
        "mmext:review\tRank suspicious labels",
        "mmext:apply\tApply verdicts",
    ):
        assert line in said
    said = qgis.process("help", "mmext:predict")
    assert "min_area: Leave out smaller objects, in m²\n" in said
    assert "label_layer" not in qgis.process("help", "mmext:review")


def test_the_map_is_the_command_lines(qgis, job, mapped, tmp_path):
    said = qgis.process(
        *("run", "mmext:predict", f"--checkpoint={job.checkpoint}"),
        *(f"--images={job.image}", f"--out={tmp_path / 'map'}"),
        MMEXT_PROGRAM=str(job.program),
    )
    assert "100 - done." in said
    assert f"{tmp_path}/map/scene one_class.tif, " in said
    for kind in ("class", "probability"):
        name = f"scene one_{kind}.tif"
        assert (tmp_path / "map" / name).read_bytes() == (mapped / name).read_bytes()
    name = "scene one.gpkg"
    assert len(same_tables(tmp_path / "map" / name, mapped / name, "fields"))


def test_the_review_and_the_verdicts_are_the_command_lines(
    qgis, job, reviewed, tmp_path
):
    program = {"MMEXT_PROGRAM": str(job.program)}
    review = tmp_path / "review.gpkg"
    filtered = f"{job.labels}|layername=fields|subset=crop = 'ginseng'"
    qgis.process(
        *("run", "mmext:review", f"--snapshot={job.bank}", f"--store={job.store}"),
        *(f"--checkpoint={job.checkpoint}", f"--labels={filtered}", f"--out={review}"),
        **program,
    )
    table = same_tables(review, reviewed, "candidates")
    assert len(list((tmp_path / "review_thumbnails").iterdir())) == len(table)
    [name] = table.loc[table["kind"] == "wrong target", "labels"].head(1)
    assert qgis.script("judge", review, name)
    corrected = tmp_path / "corrected.gpkg"
    said = qgis.process(
        *("run", "mmext:apply", f"--apply={review}", f"--labels={filtered}"),
        f"--out={corrected}",
        **program,
    )
    assert "0 added, 1 dropped, 0 outlined anew" in said
    kept = geopandas.read_file(corrected, layer="fields")
    assert len(kept) == len(geopandas.read_file(job.labels)) - 1
    # What the filter leaves out is not lost.
    assert (kept["crop"] == "rice").sum() == 1


@pytest.mark.parametrize(
    ("changed", "program", "line"),
    [
        ({"checkpoint": "{none}"}, "{program}", "CHECKPOINT: is '"),
        ({"window": 60}, "{program}", "--window: is 60, expected at least 120: "),
        ({}, "{none}", "{none}: no program, expected that of mmext in MMEXT_PROGRAM"),
        ({}, "", "mmext: not found on PATH, expected there, in Settings > Options > "),
    ],
)
def test_what_goes_wrong_is_one_line(qgis, job, tmp_path, changed, program, line):
    names = {"none": str(tmp_path / "none"), "program": str(job.program)}
    given = {"checkpoint": job.checkpoint, "images": job.image, "out": tmp_path / "map"}
    said = qgis.process(
        *("run", "mmext:predict"),
        *(
            f"--{key}={value}".format(**names)
            for key, value in {**given, **changed}.items()
        ),
        ok=False,
        MMEXT_PROGRAM=program.format(**names),
    )
    errors = [row for row in said.splitlines() if row.startswith("ERROR:")]
    assert len(errors) == 1
    assert errors[0].startswith(f"ERROR:\t{line.format(**names)}"), said
    assert not (tmp_path / "map").exists()


def test_qgis_keeps_its_environment_to_itself(qgis, tmp_path, job):
    program = tmp_path / "mmext"
    program.write_text("#!/bin/sh\nenv\nexit 3\n")
    program.chmod(0o755)
    said = qgis.process(
        *("run", "mmext:predict", f"--checkpoint={job.checkpoint}"),
        *(f"--images={job.image}", f"--out={tmp_path / 'map'}"),
        ok=False,
        MMEXT_PROGRAM=str(program),
        PYTHONPATH="/of/qgis",
        LD_LIBRARY_PATH="/of/qgis",
        OMP_NUM_THREADS="1",
    )
    assert "PYTHONUTF8=1" in said and "OMP_NUM_THREADS=1" in said
    assert "/of/qgis" not in said
    assert "ERROR:\tmmext ended with status 3" in said


def test_cancelling_ends_it_and_leaves_nothing(qgis, job, tmp_path):
    number, program = tmp_path / "number", tmp_path / "mmext"
    text = job.program.read_text()
    program.write_text(text.replace("exec", f"echo $$ > '{number}'\nexec", 1))
    program.chmod(0o755)
    found = qgis.script(
        *("cancel", job.checkpoint, job.image, tmp_path / "map"),
        MMEXT_PROGRAM=str(program),
    )
    assert found["results"] == {} and found["left"] == []
    assert 1 < max(found["steps"]) < 90
    from .test_child import alive

    assert not alive(int(number.read_text()))


def test_results_are_opened_with_their_styles(qgis, job, tmp_path):
    parameters = {
        "checkpoint": str(job.checkpoint),
        "images": str(job.image),
        "out": str(tmp_path / "map"),
    }
    objects, classes, probability = qgis.script(
        "load", "mmext:predict", json.dumps(parameters), MMEXT_PROGRAM=str(job.program)
    )
    assert objects["name"] == "scene one objects" and objects["shown"]
    assert objects["renderer"] == "categorizedSymbol" and objects["colours"]
    assert classes["name"] == "scene one classes" and not classes["shown"]
    assert classes["renderer"] == "paletted" and classes["alphas"] == [0, 255]
    assert probability["name"] == "scene one probability"
    assert not probability["shown"]
    assert probability["renderer"] == "singlebandpseudocolor"
    assert len(probability["alphas"]) > 3


def test_layers_that_come_into_the_tree_late_are_put_in_order(qgis, mapped):
    files = [mapped / f"scene one{end}" for end in (".gpkg", "_class.tif")]
    before, after = qgis.script("late", *files)
    assert before == ["classes", "objects"]
    assert after == [["objects", True], ["classes", False]]


def test_a_review_is_opened_with_its_style(qgis, job, tmp_path):
    parameters = {
        "snapshot": str(job.bank),
        "checkpoint": str(job.checkpoint),
        "store": str(job.store),
        "out": str(tmp_path / "review.gpkg"),
    }
    [candidates] = qgis.script(
        "load", "mmext:review", json.dumps(parameters), MMEXT_PROGRAM=str(job.program)
    )
    assert candidates["renderer"] == "categorizedSymbol"
    assert "missing target" in candidates["colours"]


def test_the_option_says_where_the_program_is(qgis, job, tmp_path):
    none = str(tmp_path / "none")
    found = qgis.script("setting", job.program, none, "", MMEXT_PROGRAM="")
    assert found[0] == [True, ""]
    where = "Settings > Options > Processing > Providers > mmext"
    assert found[1] == [False, f"{none}: no program, expected that of mmext in {where}"]
    assert found[2][1].startswith("mmext: not found on PATH")


def test_layers_are_their_files_or_are_refused(qgis, job, reviewed, tmp_path):
    with rasterio.open(job.image) as image:
        size = dict(width=64, height=64, count=3, dtype="uint8", crs=image.crs)
        pixels = image.read(window=Window(0, 0, 64, 64))
        place = dict(transform=image.transform, RASTER_TABLE="tiles")
    with rasterio.open(tmp_path / "tiles.gpkg", "w", "GPKG", **size, **place) as tiles:
        tiles.write(pixels)
    found = qgis.script(
        *("sources", job.image, job.labels, reviewed, tmp_path),
        MMEXT_PROGRAM=str(job.program),
    )

    def refused(name):
        return found.pop(name)["refused"]

    def said(name, *flags):
        entry = found.pop(name)
        given = [part for part in entry["said"] if part.startswith("--label")]
        assert given == [f"--labels={job.labels}", *flags]
        return entry["warned"]

    layer = "--label-layer=fields"
    assert said("labels whole") == []
    assert said("labels by name", layer) == []
    assert said("labels by number", layer) == []
    assert said("labels filtered", layer, "--label-where=crop = 'rice'") == []
    assert said("labels selected", layer) == [
        "--labels: 7 features of selected are selected; all count, whether selected or "
        "not"
    ]
    assert refused("labels both") == (
        "--label-where: given, and the layer is filtered in QGIS by crop = 'rice'; "
        "expected one of them"
    )
    assert refused("labels edited").startswith("--labels: edited has edits that aren't")
    assert refused("labels moved") == (
        "--labels: moved is EPSG:4326 in QGIS and EPSG:5186 in its file, which mmext "
        "reads; expected the file's"
    )
    assert refused("labels query").startswith("--labels: query is filtered by a whole")
    save = "expected a file; export it to one (Export > Save As)"
    assert refused("labels memory") == (
        f"--labels: memory is of the provider memory, {save}"
    )
    assert found.pop("raster file")["said"][1:3] == [str(tmp_path), str(job.image)]
    archived = f"/vsizip/{tmp_path}/scenes.zip/scene.tif"
    assert found.pop("raster archive")["said"][2] == archived
    assert refused("raster part") == f"IMAGES: tiles is a part of a file, {save}"
    assert refused("raster moved").startswith("IMAGES: moved is EPSG:4326 in QGIS and")
    [warning] = found.pop("raster no-data")["warned"]
    assert warning.startswith("IMAGES: what is no-data was set in QGIS")
    assert refused("raster opened").endswith(
        f"is opened with openOptions in QGIS, {save}"
    )
    assert refused("raster wms") == f"IMAGES: web is of the provider wms, {save}"
    flags = found.pop("candidates whole")["said"]
    assert f"--apply={reviewed}" in flags
    assert refused("candidates filtered") == (
        f"--apply: {reviewed} is filtered in QGIS by rank < 3, and all of its verdicts "
        "count; expected no filter"
    )
    assert not found
