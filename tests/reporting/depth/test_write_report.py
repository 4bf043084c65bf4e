import csv
import re

import numpy as np
import pytest

from mmext.errors import UserError
from mmext.reporting.depth import write_depth_report
from mmext.reporting.depth.ablation import CONFIGURATIONS
from mmext.reporting.depth.maps import Frame, error_panels, metric_panels


def test_a_page_that_needs_no_other_file(write_run, tmp_path):
    for name in CONFIGURATIONS:
        write_run(name, 0, checkpoint=True)
        write_run(name, 1, 0.11, checkpoint=True)
    out = tmp_path / "report"
    notes = write_depth_report([tmp_path / "exp"], out, frames=2)
    assert notes == []
    page = (out / "report.html").read_text()
    for title in CONFIGURATIONS.values():
        assert title in page
    for text in ("mean map per rig", "0.2114", "metres", "Median-scaled"):
        assert text in page
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    names = {path.stem for path in (out / "figures").glob("*.png")}
    assert names == {"seed_scores", "structural", "metric", "errors", "training"}
    with (out / "ablation.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5 + 3
    assert rows[0]["all.abs_rel"] == "0.105 ± 0.007"


def test_what_is_missing_is_named_and_the_rest_is_there(write_run, tmp_path):
    write_run("all")  # without a checkpoint
    notes = write_depth_report([tmp_path / "exp"], tmp_path / "report")
    assert len(notes) == 1
    assert "epoch_3.pth" in notes[0]
    page = (tmp_path / "report/report.html").read_text()
    assert "epoch_3.pth" in page
    assert "mean map" in page


def test_two_ablations_have_their_own_folders(write_run, tmp_path):
    write_run("all", folder="exp/published")
    write_run("all", folder="exp/rigs", split="rig_B")
    write_depth_report([tmp_path / "exp"], tmp_path / "report")
    with (tmp_path / "report/overview.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["ablation"] for row in rows[::2]] == ["published/seed0", "rigs/seed0"]
    assert rows[0]["all"] == "0.100"
    for label in ("published", "rigs"):
        with (tmp_path / "report" / label / "seed0/ablation.csv").open() as file:
            table = list(csv.DictReader(file))
        best = min(float(row["all.abs_rel"]) for row in table[1:])
        [line] = [
            row
            for row in rows
            if row["ablation"].startswith(label) and row["pixels"] == "all pixels"
        ]
        assert float(line["baseline"]) == best


def test_nothing_to_report(write_run, tmp_path):
    path = write_run("all")
    text = (path / "all.py").read_text()
    (path / "all.py").write_text(text.replace("DepthEstimator", "Other"))
    with pytest.raises(UserError, match="no depth training"):
        write_depth_report([tmp_path / "exp"], tmp_path / "report")


def test_one_colour_scale_for_all_panels():
    rng = np.random.default_rng(0)

    def frame(far):
        truth = rng.uniform(1, far, (12, 16)).astype(np.float32)
        truth[0] = 0
        maps = {"all": truth + 0.1, "no_silog": truth * 1.5}
        return Frame("x", rng.uniform(size=(12, 16)), truth, maps, maps)

    frames = [frame(3), frame(9)]
    for draw, first in ((metric_panels, 1), (error_panels, 1)):
        figure = draw(frames, 10.0)
        images = [axes.images[0] for axes in figure.axes if axes.images]
        columns = 4 if draw is metric_panels else 3
        assert len(images) == 2 * columns
        limits = {
            image.get_clim()
            for number, image in enumerate(images)
            if number % columns >= first
        }
        assert len(limits) == 1
