import geopandas
import numpy as np
import pyogrio
import pytest
import shapely
from shapely.geometry import MultiPolygon, Polygon

from mmext.errors import UserError
from mmext.mapping.label_review import LabelFile, apply_review
from mmext.mapping.label_review.finding import MISSING, SHIFTED, WRONG

from .builders import CRS, square, write_candidates, write_labels

BOW_TIE = Polygon(
    [(5e5, 4e6 + 50), (5e5 + 9, 4e6 + 59), (5e5 + 9, 4e6 + 50), (5e5, 4e6 + 59)]
)
SHAPES = [square(0), square(30), MultiPolygon([square(60), square(80)]), square(100)]


@pytest.fixture
def case(tmp_path):
    """Labels, and a function that applies accepted (kind, part, outline) to them."""

    def made(shapes=SHAPES, crs="EPSG:4326", suffix="gpkg", **fields):
        fields = fields or dict(number=range(len(shapes)))
        path = write_labels(tmp_path / f"labels.{suffix}", shapes, crs, **fields)

        def apply(*rows, layer=None, where=None, **options):
            labels = LabelFile.read(path, layer, where)
            rows = [
                (kind, "accept", "" if part is None else labels.names[part], outline)
                for kind, part, outline in rows
            ]
            review = write_candidates(
                tmp_path / "review.gpkg", rows, fingerprint=labels.fingerprint
            )
            out = tmp_path / "out.gpkg"
            apply_review(review, path, out, layer, where, **options)
            return geopandas.read_file(out)

        return path, apply

    return made


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", CRS])
@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "shp"])
def test_labels_in_any_crs_and_format(case, capsys, crs, suffix):
    path, apply = case(crs=crs, suffix=suffix)
    new = apply((WRONG, 1, None), (SHIFTED, 0, square(3)), (MISSING, None, square(200)))
    old = geopandas.read_file(path)
    assert new.crs == old.crs
    assert new["number"].isna().tolist() == [False, False, False, True]
    assert new["number"].tolist()[:3] == [0, 2, 3]
    # Neither the label of several parts nor the last one was touched.
    assert new.geometry.to_wkb()[1:3].tolist() == old.geometry.to_wkb()[2:].tolist()
    metric = new.to_crs(CRS).geometry
    for shape, expected in ((metric[0], square(3)), (metric[3], square(200))):
        assert shape.symmetric_difference(expected).area < 1e-3
    said = capsys.readouterr().out
    assert "applied: candidate 1 (wrong target): dropped label" in said
    assert "4 labels (4 before): 1 added, 1 dropped, 1 outlined anew" in said
    assert (
        pyogrio.list_layers(path.parent / "out.gpkg")[0][0]
        == (pyogrio.list_layers(path)[0][0])
    )


def test_one_part_of_several(case):
    _, apply = case(crs=CRS)
    new = apply((WRONG, 2, None))
    assert new["number"].tolist() == [0, 1, 2, 3]
    assert new.geometry[2].equals(square(80))
    new = apply((WRONG, 2, None), (WRONG, 3, None), overwrite=True)
    assert new["number"].tolist() == [0, 1, 3]
    new = apply((SHIFTED, 3, square(82)), overwrite=True)
    assert new.geometry[2].equals(MultiPolygon([square(60), square(82)]))
    # Onto the feature's other part: one polygon, and a valid one.
    new = apply((SHIFTED, 3, square(67, 0, 16)), overwrite=True)
    assert new.geometry[2].is_valid
    assert new.geometry[2].equals(square(60).union(square(67, 0, 16)))


def test_invalid_labels_are_repaired_and_counted(case, capsys):
    path, apply = case([square(0), BOW_TIE, None, square(30)], CRS)
    new = apply((WRONG, 3, None))
    assert "1 invalid labels are written repaired" in capsys.readouterr().out
    assert new["number"].tolist() == [0, 1, 2]
    assert new.geometry[1].is_valid and new.geometry[1].area == pytest.approx(40.5)
    # A row without geometry is no label, and stays.
    assert new.geometry[2] is None
    assert geopandas.read_file(path).geometry[0].wkb == new.geometry[0].wkb


def test_features_that_the_filter_leaves_out_stay(case, capsys):
    crops = dict(crop=["ginseng", "rice", "ginseng"], owner=["a", "b", "c"])
    where = "crop = 'ginseng'"
    _, apply = case(SHAPES[:2] + SHAPES[3:], CRS, **crops)
    new = apply((WRONG, 1, None), (MISSING, None, square(200)), where=where)
    # So that cutting with the same filter finds what was added.
    assert new["crop"].tolist() == ["ginseng", "rice", "ginseng"]
    assert new["owner"].fillna("").tolist() == ["a", "b", ""]
    assert "leaves out" not in capsys.readouterr().out
    apply((MISSING, None, square(200)), where="owner IN ('a', 'c')", overwrite=True)
    assert "leaves out 1 added labels: set their fields" in capsys.readouterr().out


def test_heights_survive(case):
    shapes = [shapely.force_3d(square(0), 7.0), shapely.force_3d(square(30), 8.0)]
    path, apply = case(shapes, CRS)
    new = apply((SHIFTED, 0, square(1)))
    assert new.geometry[1].wkb == geopandas.read_file(path).geometry[1].wkb
    assert new.geometry[1].exterior.coords[0][2] == 8


def test_nothing_is_written_when_anything_is_refused(case, tmp_path, capsys):
    _, apply = case()
    tiny = square(0, side=1.6)
    rows = [(WRONG, 1, None), (SHIFTED, 0, tiny), (SHIFTED, 4, None)]
    with pytest.raises(UserError, match="nothing written: candidate 3") as refusal:
        apply(*rows)
    assert "\n" not in str(refusal.value) and "(and 1 more" in str(refusal.value)
    said = capsys.readouterr().out
    assert said.count("refused: ") == 2 and "applied" not in said
    with pytest.raises(UserError, match=r"candidate 2 .*--force applies what is impl"):
        apply(*rows[:2])
    assert not list(tmp_path.glob("*out*"))
    new = apply(*rows[:2], force=True)
    assert len(new) == 3
    assert "forced: candidate 2 (boundary shift): its outline has 2.6 m²" in (
        capsys.readouterr().out
    )


def test_nothing_good_is_overwritten(case, tmp_path):
    path, apply = case()
    before = path.read_bytes()
    apply((WRONG, 0, None))
    with pytest.raises(
        UserError, match=r"out.gpkg: exists, expected a new file or --o"
    ):
        apply((WRONG, 0, None))
    review = tmp_path / "review.gpkg"
    for out in (path, review, tmp_path / "." / "labels.gpkg"):
        with pytest.raises(UserError, match="is what is read, expected a new file"):
            apply_review(review, path, out, overwrite=True)
    with pytest.raises(UserError, match=r"a.geojson: expected a GeoPackage"):
        apply_review(review, path, tmp_path / "a.geojson")
    assert path.read_bytes() == before


def test_nothing_accepted_changes_nothing(case, tmp_path):
    path, _ = case(crs=CRS)
    review = write_candidates(
        tmp_path / "review.gpkg", [(WRONG, "reject", "1#00", square(0))]
    )
    apply_review(review, path, tmp_path / "out.gpkg")
    old, new = (geopandas.read_file(p) for p in (path, tmp_path / "out.gpkg"))
    assert new.geometry.to_wkb().tolist() == old.geometry.to_wkb().tolist()
    assert new.drop(columns="geometry").equals(old.drop(columns="geometry"))


def test_labels_that_changed_after_the_review(case, tmp_path, capsys):
    path, _ = case(crs=CRS)
    old = LabelFile.read(path)
    rows = [(WRONG, "accept", old.names[0], square(0))]
    review = write_candidates(
        tmp_path / "review.gpkg", rows, fingerprint=old.fingerprint
    )
    # Another order and one more: found by its shape, and said.
    path.unlink()
    write_labels(path, [square(500), *reversed(SHAPES)], number=range(5))
    apply_review(review, path, tmp_path / "a.gpkg")
    said = capsys.readouterr().out
    assert "has changed since it was reviewed" in said
    assert "1 labels have another id than when they were reviewed" in said
    new = geopandas.read_file(tmp_path / "a.gpkg")
    assert new["number"].tolist() == [0, 1, 2, 3]
    # The label itself is another one now.
    path.unlink()
    write_labels(path, [square(0, side=9), *SHAPES[1:]])
    with pytest.raises(UserError, match=r"label 1 is not in .* as it was reviewed"):
        apply_review(review, path, tmp_path / "b.gpkg")


def test_a_review_of_other_labels(case, tmp_path):
    path, _ = case(crs=CRS)
    rows = [(MISSING, "accept", "", square(200))]
    review = write_candidates(tmp_path / "review.gpkg", rows, fingerprint="another")
    with pytest.raises(UserError, match="no accepted candidate names one of its lab"):
        apply_review(review, path, tmp_path / "out.gpkg")
    apply_review(review, path, tmp_path / "out.gpkg", force=True)
    assert len(geopandas.read_file(tmp_path / "out.gpkg")) == 5


def test_a_review_without_crs(case, tmp_path):
    path, _ = case()
    table = geopandas.GeoDataFrame(
        {"kind": [MISSING], "verdict": ["accept"]}, geometry=[square(0)]
    )
    review = tmp_path / "review.gpkg"
    with np.errstate(all="ignore"):
        pyogrio.write_dataframe(table, review, layer="candidates")
    with pytest.raises(UserError, match="has no coordinate system"):
        apply_review(review, path, tmp_path / "out.gpkg")
