import json

import cv2
import numpy as np
import pytest

from mmext.errors import UserError
from mmext.inference.depth import (
    DepthPredictor,
    Intrinsics,
    OutputSettings,
    ThermalSource,
    predict_files,
)
from tests.datasets.depth.layouts import thermal_counts, write_image
from tests.depth_checkpoint import depth_config, write_depth_checkpoint


@pytest.fixture
def images(tmp_path):
    for number in range(3):
        write_image(tmp_path / "in" / f"{number}.png", thermal_counts(number))
    return ThermalSource([tmp_path / "in"])


def test_png_and_preview(predictor, images, tmp_path):
    out = tmp_path / "out"
    settings = OutputSettings(batch_size=2)
    assert predict_files(predictor, images, out, settings) == 3
    names = {f"{n}_{kind}.png" for n in range(3) for kind in ("depth", "preview")}
    assert {path.name for path in out.iterdir()} == {*names, "prediction.json"}
    stored = cv2.imread(str(out / "2_depth.png"), cv2.IMREAD_UNCHANGED)
    [expected] = predictor.predict([thermal_counts(2)])
    np.testing.assert_allclose(stored / 1000, expected.metric, atol=6e-4)
    facts = json.loads((out / "prediction.json").read_text())
    assert facts["depth"] == "stored value / 1000 = metres"
    assert len(facts["sha256"]) == 64
    assert facts["median_scaling"] is False


def test_everything_else(predictor, images, tmp_path):
    out = tmp_path / "out"
    camera = Intrinsics(40, 40, 20, 12)
    settings = OutputSettings(
        tiff=True, structural=True, preview_limits=(0, 10), camera=camera
    )
    predict_files(predictor, images, out, settings)
    [expected] = predictor.predict([thermal_counts(0)])
    for kind, values in (
        ("depth", expected.metric),
        ("structural", expected.structural),
    ):
        found = cv2.imread(str(out / f"0_{kind}.tif"), cv2.IMREAD_UNCHANGED)
        np.testing.assert_allclose(found, values, rtol=1e-4)
    assert b"element vertex 960\n" in (out / "0.ply").read_bytes()
    assert not (out / "0_depth.png").exists()


def test_16_bit_millimetres_do_not_hold_80_metres(images, tmp_path):
    path = write_depth_checkpoint(tmp_path / "far.pth", depth_config(max_depth=80))
    predictor = DepthPredictor(path)
    with pytest.raises(UserError, match=r"up to 80 m; expected 819 or less"):
        predict_files(predictor, images, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    settings = OutputSettings(scale=256)
    assert predict_files(predictor, images, tmp_path / "out", settings) == 3
