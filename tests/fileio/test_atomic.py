import pytest

from mmext.fileio import atomic_path


def test_success_replaces_and_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with atomic_path(path) as temporary:
        assert temporary.suffix == ".txt" and temporary.parent == path.parent
        temporary.write_text("one")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("two")
        raise RuntimeError
    assert path.read_text() == "one"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_a_folder_replaces_a_folder(tmp_path):
    for text in ("one", "two"):
        with atomic_path(tmp_path / "store") as temporary:
            temporary.mkdir()
            (temporary / text).write_text(text)
    assert [p.name for p in (tmp_path / "store").iterdir()] == ["two"]
    assert [p.name for p in tmp_path.iterdir()] == ["store"]
