import os
import pickle

import numpy as np
import pytest

from mmext.datasets.depth.calibration import read_calibration, read_vivid_calibration
from mmext.datasets.depth.ms2_calibration import convert_calibration
from mmext.errors import UserError

from .layouts import make_ms2, make_vivid

SEQUENCE = "sync_data/_2021-08-06-10-59-33"


class Harm:
    def __reduce__(self):
        return os.mkdir, ("harm-was-done",)


def test_code_in_a_pickle_does_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    header = np.array({}, dtype=object)
    np.save("calib.npy", header)
    content = (tmp_path / "calib.npy").read_bytes()
    start = content.index(b"\n") + 1
    (tmp_path / "calib.npy").write_bytes(content[:start] + pickle.dumps(Harm()))
    with pytest.raises(UserError, match=r"wants to call \w+\.mkdir"):
        convert_calibration("calib.npy")
    assert not (tmp_path / "harm-was-done").exists()
    assert not (tmp_path / "calibration.json").exists()


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_what_numpy_of_any_age_wrote_is_read(tmp_path, protocol):
    path = make_ms2(tmp_path) / SEQUENCE / "calib.npy"
    content = path.read_bytes()
    values = np.load(path, allow_pickle=True)
    start = content.index(b"\n") + 1
    path.write_bytes(content[:start] + pickle.dumps(values, protocol))
    pair = read_calibration(convert_calibration(path))
    np.testing.assert_allclose(pair.translation, (-0.15, 0.02, 0))


def test_other_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        convert_calibration(tmp_path / "calib.npy")
    np.save(tmp_path / "calib.npy", np.eye(3))
    with pytest.raises(UserError, match="expected one pickled dict"):
        convert_calibration(tmp_path / "calib.npy")
    np.save(tmp_path / "calib.npy", np.array({"K_thrL": np.eye(3)}, dtype=object))
    with pytest.raises(UserError, match="lacks K_rgbL, R_nir2thr"):
        convert_calibration(tmp_path / "calib.npy")


def test_bad_json_and_text_matrices_are_named(tmp_path):
    path = tmp_path / "calibration.json"
    path.write_text("{}")
    with pytest.raises(UserError, match="k_thermal is not a matrix of 3×3"):
        read_calibration(path)
    sequence = make_vivid(tmp_path / "vivid") / "indoor_aggresive_dark"
    (sequence / "cam_T.txt").write_text("1 2 3")
    with pytest.raises(UserError, match=r"cam_T\.txt: holds no matrix of 3×3"):
        read_vivid_calibration(sequence)


def test_the_real_file(shared_data, tmp_path):
    source = shared_data / "ms2_layout/sync_data/_demo/calib.npy"
    path = tmp_path / "calib.npy"
    path.write_bytes(source.read_bytes())
    pair = read_calibration(convert_calibration(path))
    assert pair.k_thermal[0, 0] == pytest.approx(387.787, abs=1e-3)
    np.testing.assert_allclose(pair.rotation @ pair.rotation.T, np.eye(3), atol=1e-5)
    assert np.linalg.norm(pair.translation) < 1
