import json
import zipfile

import numpy as np
import pytest

from mmext.errors import UserError
from mmext.structures import load_bank, read_bank_meta, save_bank

from .test_error_bank import make_bank


def test_missing_torn_and_foreign_files_are_one_line_errors(tmp_path):
    with pytest.raises(UserError, match="no such error bank"):
        load_bank(tmp_path / "absent.npz")
    torn = tmp_path / "torn.npz"
    save_bank(make_bank(), torn, valid_pixels=1)
    torn.write_bytes(torn.read_bytes()[:50])
    with pytest.raises(UserError, match="not an error bank"):
        load_bank(torn)
    old = tmp_path / "old.npz"
    np.savez(old, meta=np.array(json.dumps({"format": 0})))
    with pytest.raises(UserError, match="format 0, expected 1"):
        load_bank(old)


def write_npz(path, source, **changes):
    """A snapshot with other arrays, or with other keys of its ``meta``."""
    with np.load(source) as data:
        arrays = {key: data[key] for key in data.files}
    meta = json.loads(str(arrays["meta"])) | changes.pop("meta", {})
    np.savez_compressed(path, **arrays | changes | {"meta": np.array(json.dumps(meta))})


@pytest.fixture
def snapshot(tmp_path):
    """A bank with counts of 3 tiles of 5 x 7 pixels, one FN and one FP each."""
    bank = make_bank(counts=True)
    target = np.zeros((3, 5, 7), np.uint8)
    target[:, 0, 0] = 1
    predicted = np.zeros((3, 5, 7), bool)
    predicted[:, 4, 6] = True
    bank.update(np.arange(3), predicted, target, 2)
    save_bank(bank, tmp_path / "bank.npz", begin=1, epoch=2, valid_pixels=105)
    return tmp_path / "bank.npz"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"meta": {"num_tiles": "3"}}, r"meta\.num_tiles: is '3', expected a whole"),
        ({"meta": {"num_tiles": 4}}, r"fn is \(3, 5\) of uint8, expected \(4, 5\)"),
        ({"meta": {"tile_shape": [5]}}, r"meta\.tile_shape"),
        ({"meta": {"tile_shape": [0, 7]}}, r"tile_shape\[0\]: is 0, expected at least"),
        ({"meta": {"passes": -1}}, r"meta\.passes: is -1, expected at least 0"),
        ({"meta": {"epoch": float("nan")}}, r"meta\.epoch"),
        ({"meta": {"cfdr": float("nan")}}, r"meta\.cfdr"),
        ({"fn": np.zeros((3, 5), np.int16)}, r"fn is \(3, 5\) of int16"),
        ({"fp": np.zeros((3, 4), np.uint8)}, r"fp is \(3, 4\) of uint8"),
        ({"fn_count": np.zeros(6)}, "fn_count is .* of float64"),
        ({"fn_count": np.ones(5, np.uint16)}, "fn_count is of shape"),
        ({"fn": np.full((3, 5), 1, np.uint8)}, "beyond its tiles"),
        ({"fn": np.full((3, 5), 32, np.uint8)}, "both a false negative and a false"),
        ({"more": np.zeros(1)}, "unknown arrays more"),
    ],
    ids=str,
)
def test_what_contradicts_the_meta_is_one_line(snapshot, tmp_path, changes, expected):
    changed = tmp_path / "changed.npz"
    write_npz(changed, snapshot, **changes)
    with pytest.raises(UserError, match=expected) as caught:
        load_bank(changed)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(changed))


def test_an_array_that_is_not_there_is_named(snapshot, tmp_path):
    with np.load(snapshot) as data:
        arrays = {key: data[key] for key in data.files}
    for key, expected in (("fn", "holds no fn"), ("last_epoch", "all or none of")):
        path = tmp_path / f"no_{key}.npz"
        np.savez(path, **{name: a for name, a in arrays.items() if name != key})
        with pytest.raises(UserError, match=expected):
            load_bank(path)


def test_a_size_that_no_machine_has_is_refused_unread(snapshot, tmp_path):
    """Headers claim 10^15 bytes; nothing of that is allocated."""
    huge = {"num_tiles": 10**9, "tile_shape": [2048, 4096]}
    shape = (10**9, 2048 * 4096 // 8)
    path = tmp_path / "huge.npz"
    write_npz(tmp_path / "meta.npz", snapshot, meta=huge)
    with (
        zipfile.ZipFile(tmp_path / "meta.npz") as source,
        zipfile.ZipFile(path, "w") as archive,
    ):
        archive.writestr("meta.npy", source.read("meta.npy"))
        for key in ("fn", "fp"):
            with archive.open(f"{key}.npy", "w") as file:
                header = dict(descr="|u1", fortran_order=False, shape=shape)
                np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(UserError, match=r"needs 2\.1e\+06 GB of memory"):
        load_bank(path)


def test_flipped_bytes_never_give_another_bank(snapshot, tmp_path):
    """Either one line, or the same bank: a byte that nothing reads was hit."""
    rng = np.random.default_rng(0)
    whole, sound = snapshot.read_bytes(), load_bank(snapshot)
    path = tmp_path / "flipped.npz"
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            bank = load_bank(path)
        except UserError as error:
            assert "\n" not in str(error)
            refused += 1
            continue
        assert [bank.codes(i).tolist() for i in range(3)] == [
            sound.codes(i).tolist() for i in range(3)
        ]
    assert refused > 200


def test_what_a_snapshot_says_of_itself_is_read_alone(snapshot, tmp_path):
    assert read_bank_meta(snapshot) == load_bank(snapshot).meta
    damaged = tmp_path / "damaged.npz"
    write_npz(damaged, snapshot, fn=np.zeros(0), meta={"epoch": 9})
    assert read_bank_meta(damaged)["epoch"] == 9
    with pytest.raises(UserError, match="no such error bank"):
        read_bank_meta(tmp_path / "absent.npz")


def test_a_snapshot_is_deflated_and_numpy_reads_it(snapshot):
    with zipfile.ZipFile(snapshot) as archive:
        kinds = {item.compress_type for item in archive.infolist()}
    assert kinds == {zipfile.ZIP_DEFLATED}
    bank = load_bank(snapshot)
    with np.load(snapshot, allow_pickle=False) as data:
        for key, values in bank.arrays().items():
            assert data[key].dtype == values.dtype
            np.testing.assert_array_equal(data[key], values)
