import cv2
import numpy as np
import pytest

from mmext.datasets.depth import FolderDepthDataset, MS2Dataset, ViViDDataset
from mmext.datasets.depth.ms2_calibration import convert_calibration
from mmext.datasets.depth.structural_maps import read_map, read_note
from mmext.datasets.depth.transforms.load_depth import read_metres
from mmext.errors import UserError
from mmext.prepare.structural_depth import (
    make_structural_maps,
    make_true_maps,
    open_dataset,
)
from tests.datasets.depth.layouts import (
    make_folder,
    make_ms2,
    make_vivid,
    write_image,
)

from .conftest import BrightTeacher


def test_maps_are_the_teachers_at_the_thermal_images_size(tmp_path, teacher):
    data = FolderDepthDataset(make_folder(tmp_path / "data"))
    out = tmp_path / "maps"
    assert make_structural_maps(data, teacher, out, batch_size=3) == 4
    assert teacher.batches == [3, 1]
    assert read_note(out) == teacher.note
    for frame in range(1, 4):
        values = read_map(out / f"f{frame}.tif")
        np.testing.assert_allclose(values, np.full((24, 40), 25 * frame))
    # The first image is black: known, so not 0.
    assert (read_map(out / "f0.tif") > 0).all()
    trained_on = FolderDepthDataset(tmp_path / "data", structural=out)
    assert trained_on.metainfo["structural_space"] == "depth"


def test_a_stopped_call_goes_on_and_leaves_nothing_half(tmp_path, teacher):
    data = FolderDepthDataset(make_folder(tmp_path / "data"))
    out = tmp_path / "maps"
    teacher.fail_after = 1
    with pytest.raises(KeyboardInterrupt):
        make_structural_maps(data, teacher, out, batch_size=2)
    assert sorted(p.name for p in out.iterdir()) == [
        "f0.tif",
        "f1.tif",
        "structural.json",
    ]
    before = (out / "f1.tif").stat().st_mtime_ns
    teacher.fail_after = None
    assert make_structural_maps(data, teacher, out, batch_size=2) == 2
    assert (out / "f1.tif").stat().st_mtime_ns == before
    assert make_structural_maps(data, teacher, out) == 0


def test_two_teachers_do_not_mix(tmp_path, teacher):
    data = FolderDepthDataset(make_folder(tmp_path / "data"))
    make_structural_maps(data, teacher, tmp_path / "maps")
    for other in (BrightTeacher(sha256="34" * 32), BrightTeacher("inverse_depth")):
        with pytest.raises(UserError, match=r"is of bright .* expected bright"):
            make_structural_maps(data, other, tmp_path / "maps")


def test_colour_is_read_as_rgb(tmp_path):
    class RedTeacher(BrightTeacher):
        def maps(self, images):
            return [image[:, :, 0].astype(np.float32) for image in images]

    root = make_folder(tmp_path / "data", frames=1)
    write_image(root / "rgb/f0.png", np.full((24, 40, 3), (1, 2, 200), np.uint8))
    make_structural_maps(FolderDepthDataset(root), RedTeacher(), tmp_path / "maps")
    assert (read_map(tmp_path / "maps/f0.tif") == 200).all()


def test_an_unaligned_image_without_calibration_is_refused(tmp_path, teacher):
    root = make_folder(tmp_path / "data")
    write_image(root / "rgb/f1.png", np.full((24, 30, 3), 9, np.uint8))
    data = FolderDepthDataset(root)
    with pytest.raises(UserError, match=r"f1\.png: is 24×30, .* calibration\.json"):
        make_structural_maps(data, teacher, tmp_path / "maps")


def test_what_a_sample_lacks_is_named_before_the_first_map(tmp_path, teacher):
    root = make_folder(tmp_path / "data")
    (root / "list.csv").write_text("thermal\nthermal/f0.png\nthermal/f1.png\n")
    data = FolderDepthDataset(root, "list.csv")
    with pytest.raises(UserError, match=r"2 of 2 samples have no colour image.*f0"):
        make_structural_maps(data, teacher, tmp_path / "maps")
    with pytest.raises(UserError, match="sample f0 has no depth"):
        make_true_maps(data, tmp_path / "true")


def test_true_depth_as_the_upper_bound(tmp_path):
    data = FolderDepthDataset(make_folder(tmp_path / "data"))
    assert make_true_maps(data, tmp_path / "maps") == 4
    truth = read_metres(tmp_path / "data/depth/f2.png", 1000)
    np.testing.assert_array_equal(read_map(tmp_path / "maps/f2.tif"), truth)
    note = read_note(tmp_path / "maps")
    assert (note.space, note.metric, note.teacher) == ("depth", True, "true depth")


def test_another_view_is_warped_where_depth_is_known(tmp_path, teacher):
    root = make_ms2(tmp_path / "ms2", frames=1)
    data = MS2Dataset(root, lists="val_list.txt")
    with pytest.raises(UserError, match="convert_ms2_calibration"):
        make_structural_maps(data, teacher, tmp_path / "maps")
    convert_calibration(root / "sync_data/_2021-08-13-22-16-02/calib.npy")
    make_structural_maps(data, teacher, tmp_path / "maps", fill=0)
    sample = data.samples[0]
    values = read_map(tmp_path / "maps" / f"{sample.sample_id}.tif")
    truth = read_metres(sample.depth_path, 256)
    assert values.shape == truth.shape
    assert not values[truth == 0].any()
    known = values[values > 0]
    assert known.size > 100
    colour = cv2.imread(str(sample.rgb_path)).mean()
    np.testing.assert_allclose(known, colour, rtol=1e-5)


def test_gaps_of_the_depth_are_filled_to_warp_with(tmp_path, teacher):
    root = make_ms2(tmp_path / "ms2", frames=1)
    data = MS2Dataset(root, lists="val_list.txt")
    sparse = np.zeros((24, 40), np.uint16)
    sparse[::6, ::4] = 5 * 256
    write_image(data.samples[0].depth_path, sparse)
    convert_calibration(root / "sync_data/_2021-08-13-22-16-02/calib.npy")
    name = f"{data.samples[0].sample_id}.tif"
    known = {}
    for fill in (0, 8):
        out = tmp_path / f"maps{fill}"
        make_structural_maps(data, teacher, out, fill=fill)
        known[fill] = (read_map(out / name) > 0).sum()
        assert read_note(out).settings["warped_with_fill"] == fill
    assert known[0] <= 40
    assert known[8] > 15 * known[0]
    # Its rows of measurements end at 18, so the last 5 rows are not filled.
    assert not read_map(tmp_path / "maps8" / name)[19:].any()


def test_vivid_brings_its_own_calibration(tmp_path, teacher):
    data = ViViDDataset(make_vivid(tmp_path / "vivid"))
    assert make_structural_maps(data, teacher, tmp_path / "maps") == 2
    assert (tmp_path / "maps/indoor_aggresive_dark/000001.tif").is_file()


def test_data_sets_by_name(tmp_path):
    root = str(make_folder(tmp_path))
    assert len(open_dataset("FolderDepthDataset", {"root": root})) == 4
    with pytest.raises(UserError, match="did you mean FolderDepthDataset"):
        open_dataset("FolderDepthDatset", {"root": root})
    with pytest.raises(UserError, match="did you mean root"):
        open_dataset("FolderDepthDataset", {"rot": root})
    with pytest.raises(UserError, match="root"):
        open_dataset("FolderDepthDataset", {})
