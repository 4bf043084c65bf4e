import numpy as np
import pytest

from mmext.errors import UserError
from mmext.fileio import open_array


def test_an_array_is_mapped_as_it_is(tmp_path):
    array = np.arange(12, dtype=np.uint16).reshape(3, 4)
    np.save(tmp_path / "a.npy", array)
    opened = open_array(tmp_path / "a.npy", (3, 4), "uint16")
    assert isinstance(opened, np.memmap)
    np.testing.assert_array_equal(opened, array)


def _header(text: str) -> bytes:
    body = text.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(body).to_bytes(2, "little") + body


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a NumPy array"),
        (b"text", "not a NumPy array"),
        (
            _header("{'descr': 'u1', 'fortran_order': False, 'shape': (9,"),
            "not a NumPy",
        ),
        (
            _header("{'descr': '<f8', 'fortran_order': False, 'shape': (1<<50,), }"),
            "not a NumPy array",
        ),
        (
            _header(
                f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({2**50},), }}"
            ),
            "not a NumPy array",
        ),
        (
            _header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"),
            "not a NumPy array",
        ),
    ],
)
def test_damage_is_one_line(tmp_path, content, words):
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    with pytest.raises(UserError, match=words) as caught:
        open_array(path)
    assert "\n" not in str(caught.value)


def test_what_is_expected_is_said(tmp_path):
    path = tmp_path / "a.npy"
    with pytest.raises(UserError, match="no such file"):
        open_array(path)
    np.save(path, np.zeros((2, 3)))
    with pytest.raises(UserError, match=r"shape \(2, 3\), expected \(3, 2\)"):
        open_array(path, shape=(3, 2))
    with pytest.raises(UserError, match="data type float64, expected uint8"):
        open_array(path, dtype="uint8")
    np.save(path, np.array(["a"]))
    with pytest.raises(UserError, match="no numbers"):
        open_array(path)
