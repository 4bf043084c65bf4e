import geopandas
import pyogrio
import pytest

from mmext.errors import UserError
from mmext.mapping.label_review.finding import MISSING, WRONG
from mmext.mapping.label_review.verdicts import Verdicts

from .builders import CRS, set_verdicts, square, write_candidates

ROWS = [(WRONG, None, "1#00", square(0)), (MISSING, "", "", square(30))] * 2


def _table(**columns):
    table = geopandas.GeoDataFrame(
        {"rank": [1, 2], "kind": [WRONG, MISSING], "verdict": ["", None]},
        geometry=[square(0), square(20)],
        crs=CRS,
    )
    return table.assign(**columns)


def _write(table, path, layer="candidates"):
    pyogrio.write_dataframe(table, path, layer=layer)
    return path


def test_what_an_annotator_may_write(tmp_path):
    path = write_candidates(tmp_path / "r.gpkg", ROWS, fingerprint="ab12")
    set_verdicts(path, " ACCEPT", "rank = 1")
    set_verdicts(path, "Reject  ", "rank = 2")
    verdicts = Verdicts.read(path)
    assert verdicts.table["verdict"].tolist() == ["accept", "reject", "", ""]
    assert verdicts.table["name"].tolist()[0] == "candidate 1"
    assert verdicts.fingerprint == "ab12"
    assert verdicts.counts() == "1 accept, 1 reject, 0 unsure, 2 without a verdict"


def test_a_row_added_by_hand_has_no_rank(tmp_path):
    path = _write(_table(rank=[1.0, None]), tmp_path / "r.gpkg")
    names = Verdicts.read(path).table["name"].tolist()
    assert names == ["candidate 1", "row 2 (without rank)"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (dict(verdict=["accept", "acept"]), "candidate 2: verdict is 'acept', expect"),
        (dict(verdict=["x", "y"]), r"candidate 1 \(and 1 more\): verdict is 'x'"),
        (dict(verdict=[1, 2]), "column 'verdict' is int.*, expected text"),
        (dict(kind=["wrong", MISSING]), "candidate 1: kind is 'wrong', expected one"),
        (dict(kind=[None, MISSING]), "candidate 1: kind is '', expected one of"),
        (dict(rank=["a", "b"]), "column 'rank' is .*, expected a number"),
        (dict(label_seen=["a", "b"]), "column 'label_seen' is .*, expected a number"),
        (dict(labels=[1.5, 2]), "column 'labels' is float.*, expected text"),
    ],
)
def test_columns_of_another_kind(tmp_path, columns, message):
    path = _write(_table(**columns), tmp_path / "r.gpkg")
    with pytest.raises(UserError, match=message) as refusal:
        Verdicts.read(path)
    assert str(path) in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.parametrize("column", ["kind", "verdict"])
def test_a_column_that_is_missing(tmp_path, column):
    path = _write(_table().drop(columns=column), tmp_path / "r.gpkg")
    with pytest.raises(UserError, match=f"has no column '{column}'"):
        Verdicts.read(path)


def test_files_that_are_no_review(tmp_path):
    path = tmp_path / "r.gpkg"
    with pytest.raises(UserError, match="no such file"):
        Verdicts.read(path)
    for content in (b"", b"not a database", b"SQLite format 3\0" + bytes(2000)):
        path.write_bytes(content)
        with pytest.raises(UserError, match="can't be read as a review") as refusal:
            Verdicts.read(path)
        assert "\n" not in str(refusal.value)
    path.unlink()
    _write(_table(), path, "fields")
    with pytest.raises(UserError, match="has fields, expected a review's layer"):
        Verdicts.read(path)
    bare = tmp_path / "bare.gpkg"
    pyogrio.write_dataframe(_table().drop(columns="geometry"), bare, layer="candidates")
    with pytest.raises(UserError, match="layer 'candidates' has no geometries"):
        Verdicts.read(bare)


def test_a_truncated_review(tmp_path):
    whole = write_candidates(tmp_path / "r.gpkg", ROWS * 100).read_bytes()
    cut = tmp_path / "cut.gpkg"
    for share in (0.2, 0.5, 0.8, 0.95):
        cut.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(UserError) as refusal:
            Verdicts.read(cut)
        assert "\n" not in str(refusal.value)


def test_an_empty_review(tmp_path):
    path = _write(_table().iloc[:0], tmp_path / "r.gpkg")
    assert len(Verdicts.read(path).table) == 0
