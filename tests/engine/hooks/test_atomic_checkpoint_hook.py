import pytest
from mmengine.fileio import get_file_backend

from mmext.engine.hooks.atomic_checkpoint_hook import AtomicLocalBackend


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    backend = get_file_backend(backend_args=dict(backend="atomic"))
    assert isinstance(backend, AtomicLocalBackend)
    path = tmp_path / "a.pth"
    backend.put(b"whole", str(path))

    def torn(self, obj, filepath):
        filepath.write_bytes(obj[:1])
        raise OSError("disk full")

    monkeypatch.setattr("mmengine.fileio.LocalBackend.put", torn)
    with pytest.raises(OSError, match="disk full"):
        backend.put(b"new", str(path))
    assert path.read_bytes() == b"whole"
    assert [p.name for p in tmp_path.iterdir()] == ["a.pth"]


def test_text_is_written(tmp_path):
    backend = get_file_backend(backend_args=dict(backend="atomic"))
    backend.put_text("α", str(tmp_path / "a.txt"))
    assert (tmp_path / "a.txt").read_text("utf-8") == "α"
