import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from mmext.fileio import atomic_path
from mmext.fileio.leftovers import _host, sweep


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


def killed(code, folder):
    """Run a process that is killed inside ``atomic_path``."""
    script = (
        "import os, signal, pathlib\n"
        "from mmext.fileio import atomic, atomic_path\n"
        f"path = pathlib.Path({str(folder / 'store')!r})\n"
        "def die(*_): os.kill(os.getpid(), signal.SIGKILL)\n"
    ) + textwrap.dedent(code)
    result = subprocess.run([sys.executable, "-c", script], check=False)
    assert result.returncode == -signal.SIGKILL


def test_what_a_killed_process_left_is_swept(tmp_path, capsys):
    killed("with atomic_path(path) as t:\n    t.mkdir()\n    die()", tmp_path)
    killed("with atomic_path(path) as t:\n    t.write_text('x')\n    die()", tmp_path)
    other = tmp_path / ".store.tmp-elsewhere-1-1"
    own = tmp_path / f".notes.tmp-{_host()}-{os.getpid()}.txt"
    for path in (other, own):
        path.write_text("someone writes this")
    assert len(list(tmp_path.iterdir())) == 3
    with atomic_path(tmp_path / "a.txt") as temporary:
        temporary.write_text("whole")
    assert {p.name for p in tmp_path.iterdir()} == {"a.txt", other.name, own.name}
    assert "removed 1 temporary files of processes" in capsys.readouterr().err


@pytest.mark.parametrize("later", ["write", "sweep"])
def test_a_kill_between_the_renames_loses_nothing(tmp_path, capsys, later):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "good").write_text("years of work")
    killed(
        """
        real = pathlib.Path.replace
        def replace(self, target):
            if '.tmp-' in self.name: die()
            return real(self, target)
        pathlib.Path.replace = replace
        with atomic_path(path) as t: t.mkdir()
        """,
        tmp_path,
    )
    assert not (tmp_path / "store").exists()
    if later == "sweep":
        sweep(tmp_path)
    else:
        with pytest.raises(RuntimeError), atomic_path(tmp_path / "store"):
            raise RuntimeError
    assert (tmp_path / "store" / "good").read_text() == "years of work"
    assert [p.name for p in tmp_path.iterdir()] == ["store"]
    assert "put back" in capsys.readouterr().err


def test_a_failed_rename_puts_the_old_folder_back(tmp_path, monkeypatch):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "good").write_text("years of work")
    real = Path.replace

    def replace(self, target):
        if ".tmp-" in self.name:
            raise OSError(errno.EIO, "broken")
        return real(self, target)

    with pytest.raises(OSError, match="broken"), atomic_path(tmp_path / "store") as t:
        t.mkdir()
        monkeypatch.setattr(Path, "replace", replace)
    assert (tmp_path / "store" / "good").read_text() == "years of work"
    assert [p.name for p in tmp_path.iterdir()] == ["store"]
