"""How a command ends."""

import errno
import signal
import subprocess
import sys

import pytest
from rasterio.errors import RasterioIOError

from mmext.ending import exit_with_one_line, interrupt_when_terminated
from mmext.errors import UserError
from mmext.shipped_configs import find_shipped


def _end(error, capsys):
    @exit_with_one_line
    def main() -> None:
        raise error

    with pytest.raises(SystemExit) as exit_:
        main()
    return exit_.value.code, capsys.readouterr().err


def test_a_users_mistake_is_one_line(capsys):
    assert _end(UserError("a.tif: no such file"), capsys) == (
        2,
        "error: a.tif: no such file\n",
    )


def test_a_config_of_mmext_goes_by_its_name(capsys):
    path = find_shipped("mmext::stage1_trunk.py")
    _, text = _end(UserError(f"{path}: lineage is 3"), capsys)
    assert text == "error: mmext::stage1_trunk.py: lineage is 3\n"


def test_a_mistake_that_another_exception_showed_keeps_its_traceback(
    capsys, monkeypatch, tmp_path
):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    error = UserError("c.py: can't\nbe built")
    error.__cause__ = TypeError("no such argument")
    code, text = _end(error, capsys)
    (log,) = tmp_path.iterdir()
    assert code == 2
    assert text == f"error: c.py: can't be built (traceback in {log})\n"
    assert "TypeError: no such argument" in log.read_text()


def test_a_name_with_line_breaks_stays_one_line():
    assert str(UserError("a\nb\r\n.tif: no")) == "a b .tif: no"


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (OSError(errno.ENOSPC, "full", "/x/y"), 2, "/x/y: no space left on the disk"),
        (PermissionError(errno.EACCES, "no", "/x"), 2, "/x: Permission denied"),
        (MemoryError("a lot"), 2, "not enough memory: a lot"),
        (RasterioIOError("two\nlines"), 2, "RasterioIOError from rasterio: two lines"),
        (KeyError("defect"), 1, "unexpected KeyError: 'defect'"),
    ],
)
def test_anything_else_is_one_line_and_a_log(
    error, status, words, capsys, monkeypatch, tmp_path
):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    code, text = _end(error, capsys)
    (log,) = tmp_path.iterdir()
    assert code == status
    assert text == f"error: {words} (traceback in {log})\n"
    assert "Traceback" in log.read_text()


def test_interrupted(capsys):
    assert _end(KeyboardInterrupt(), capsys) == (130, "error: interrupted\n")


def test_a_reader_that_goes_away_is_no_error():
    code = (
        "from mmext.ending import exit_with_one_line\n"
        "main = exit_with_one_line(lambda: [print('x' * 100) for _ in range(10**5)])\n"
        "main()"
    )
    result = subprocess.run(
        f'{sys.executable} -c "{code}" | head -1',
        shell=True,
        capture_output=True,
        text=True,
    )
    assert result.stderr == ""


def test_terminated_a_program_ends_as_interrupted(capsys):
    @exit_with_one_line
    def main():
        interrupt_when_terminated()
        signal.raise_signal(signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended.value.code == 130
    assert capsys.readouterr().err == "error: interrupted\n"
