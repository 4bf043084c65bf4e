import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pyogrio
import pytest

from mmext.errors import UserError
from mmext.mapping.label_review.verdicts import LAYER, Verdicts
from mmext.viewing.raster_view import Place
from mmext.viewing.review_file import ReviewFile, as_records

from .builders import verdicts, write_review


@pytest.fixture
def path(tmp_path):
    return write_review(tmp_path / "review.gpkg")


def everything(path):
    """All rows of all tables."""
    with sqlite3.connect(path) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).fetchall()
        found = {
            name: connection.execute(f'SELECT * FROM "{name}"').fetchall()
            for (name,) in names
        }
    connection.close()
    return found


def test_candidates_as_the_page_is_told_of_them(path):
    records = as_records(ReviewFile(path).read())
    assert [record["rank"] for record in records] == [1, 2, 3]
    assert [record["verdict"] for record in records] == ["", "unsure", ""]
    assert records[0]["label_seen"] is None and records[1]["label_seen"] == 1.0
    assert records[0]["id"] == 1 and "geometry" not in records[0]


def test_a_saved_verdict_is_what_apply_reads(path):
    file = ReviewFile(path)
    file.save(1, "missing target", 1, "accept")
    file.save(3, "boundary shift", 3, "reject")
    assert Verdicts.read(path).table["verdict"].tolist() == [
        "accept",
        "unsure",
        "reject",
    ]
    file.save(1, "missing target", 1, "")
    assert Verdicts.read(path).table["verdict"].tolist() == ["", "unsure", "reject"]


def test_it_is_read_as_a_whole_while_verdicts_are_saved(path):
    file, whole = ReviewFile(path), Place((0, 0, 1, 1), 1.0, None, None)
    with ThreadPoolExecutor(3) as threads:
        saved = [
            threads.submit(file.save, 1, "missing target", 1, verdict)
            for verdict in ("accept", "reject") * 20
        ]
        read = [threads.submit(file.read) for _ in range(20)]
        drawn = [
            threads.submit(file.outlines, whole, (-9e9, -9e9, 9e9, 9e9))
            for _ in range(20)
        ]
        assert all(job.result() is None for job in saved)
        assert {len(job.result()) for job in read + drawn} == {3}


def test_nothing_else_changes(path):
    before = everything(path)
    ReviewFile(path).save(1, "missing target", 1, "accept")
    after = everything(path)
    contents = after.pop("gpkg_contents"), before.pop("gpkg_contents")
    changed = [(old, new) for old, new in zip(before[LAYER], after[LAYER], strict=True)]
    assert [old != new for old, new in changed] == [True, False, False]
    assert {*changed[0][1]} - {*changed[0][0]} == {"accept"}
    del before[LAYER], after[LAYER]
    assert before == after
    assert contents[0] != contents[1]  # when the layer was last changed
    # The index over geometries is what the rows say.
    shape = pyogrio.read_dataframe(path, layer=LAYER).geometry.iloc[0]
    assert len(pyogrio.read_dataframe(path, layer=LAYER, bbox=shape.bounds)) == 1


@pytest.mark.parametrize(
    ("number", "kind", "rank"),
    [(9, "missing target", 1), (1, "wrong target", 1), (1, "missing target", 2)],
)
def test_another_candidate_is_not_taken_for_it(path, number, kind, rank):
    before = everything(path)
    with pytest.raises(UserError, match="is not in it any more; load the page again"):
        ReviewFile(path).save(number, kind, rank, "accept")
    assert everything(path) == before


def test_a_row_that_was_added_by_hand_has_no_rank(path):
    with sqlite3.connect(path) as connection:
        for name in ("IsEmpty", "MinX", "MaxX", "MinY", "MaxY"):
            connection.create_function(f"ST_{name}", 1, lambda geometry: False)
        connection.execute(f"UPDATE {LAYER} SET rank = NULL, kind = ' wrong target '")
    connection.close()
    records = as_records(ReviewFile(path).read())
    assert records[0]["rank"] is None and records[0]["kind"] == "wrong target"
    ReviewFile(path).save(1, "wrong target", None, "reject")
    assert Verdicts.read(path).table["verdict"].tolist()[0] == "reject"


def test_refusals_leave_the_file_as_it_is(path, tmp_path, monkeypatch):
    before = path.read_bytes()
    with pytest.raises(UserError, match="is 'maybe', expected one of accept, reject"):
        ReviewFile(path).save(1, "missing target", 1, "maybe")
    monkeypatch.setattr("mmext.viewing.review_file._PATIENCE", 0.05)
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(UserError, match=r"can't be written .*locked"):
        ReviewFile(path).save(1, "missing target", 1, "accept")
    other.close()
    assert path.read_bytes() == before
    with pytest.raises(UserError, match="no such file"):
        ReviewFile(tmp_path / "none.gpkg").save(1, "missing target", 1, "accept")
    assert not (tmp_path / "none.gpkg").exists()


def test_a_killed_write_changes_nothing(path, monkeypatch):
    before = verdicts(path)
    monkeypatch.setattr("mmext.viewing.review_file._CHANGED", "no SQL")
    with pytest.raises(UserError, match="can't be written"):
        ReviewFile(path).save(1, "missing target", 1, "accept")
    assert verdicts(path) == before
