import csv
import html
import re

import pytest

from mmext.errors import UserError
from mmext.reporting.segmentation import EpochWindow, write_report


def sources(page):
    """What the page would load: never anything outside itself."""
    return re.findall(r'(?:src=|<link|url\(|@import)\s*"?([^">)]*)', page)


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_curves_alone(experiment, tmp_path):
    notes = write_report([experiment], tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text()
    assert "viewport" in page and "@media print" in page
    assert "One seed (0)" in page and "6 epochs from 3 to 8" in page
    figures = {p.name for p in (tmp_path / "report" / "figures").iterdir()}
    for name in ("loss_iou", "cfdr", "iou", "fn_tp", "fp_tp", "stability"):
        assert {f"{name}.png", f"{name}.svg"} <= figures
    # There is no config, bank or checkpoint in these folders, and it says so.
    assert any("error_bank_epoch_4.npz" in note for note in notes)
    assert any("has no checkpoint" in note for note in notes)
    mine, *paper = table(tmp_path / "report" / "cases.csv")
    assert float(mine["d_iou"]) == pytest.approx(0.1)
    assert [row["case"] for row in paper] == [
        *("A100-200", "A100-250", "B100-250", "B100-300"),
    ]


def test_everything(whole_experiment, tmp_path):
    out = tmp_path / "report"
    notes = write_report([whole_experiment("exp")], out, title="My <title>")
    assert notes == []
    page = (out / "report.html").read_text()
    assert "<h1>My &lt;title&gt;</h1>" in page
    loaded = sources(page)
    assert loaded and all(source.startswith("data:image/") for source in loaded)
    assert all(
        address.startswith(("#", "https://www.openstreetmap.org"))
        for address in re.findall(r'href="([^"]*)', page)
    )
    figures = {p.stem for p in (out / "figures").glob("*.svg")}
    assert {"precision_recall", "intervals", "error_tiles", "map_scene"} <= figures
    methods = {row["method"] for row in table(out / "operating_points.csv")}
    assert methods == {"stage 1", "stage 2, channel 0", "stage 2, union"}
    for name in ("objects", "runs", "intervals"):
        assert (out / f"{name}.csv").is_file()
    assert "the intervals are rather too" in page
    assert "type='BinarySegmentor'" in html.unescape(page)  # the config


def test_several_seeds(whole_experiment, tmp_path):
    folders = [whole_experiment(f"runs/seed{seed}", seed) for seed in (0, 1, 2)]
    out = tmp_path / "report"
    assert write_report(folders, out, EpochWindow(first=5, last=5)) == []
    page = (out / "report.html").read_text()
    assert "One seed" not in page and "mean of 3 seeds" in page
    [line] = table(out / "seeds.csv")
    # The seeds' second stages lie 0.01 apart.
    assert line["seeds"] == "3" and line["iou_2"] == "0.615 ± 0.010"
    [_, union] = table(out / "intervals.csv")
    assert union["seeds"] == "3" and re.match(r"[+−]0\.\d+ \[", union["iou"])
    for seed in (0, 1, 2):
        assert (out / f"seed{seed}" / "figures" / "iou.png").is_file()
        assert (out / f"seed{seed}" / "operating_points.csv").is_file()
    assert (out / "seed0" / "figures" / "map_scene.png").is_file()


def test_runs_tested_on_different_tiles_are_not_compared(
    whole_experiment, make_store, tmp_path
):
    folder = whole_experiment("exp")
    other = make_store(tmp_path / "other", seed=5, size=24)
    config = folder / "stage1_baseline" / "stage1_baseline.py"
    text = config.read_text().replace(str(tmp_path / "stores" / "test"), str(other))
    config.write_text(text)
    [note] = write_report([folder], tmp_path / "report")
    assert "they cannot be compared" in note


def test_a_bank_of_other_tiles_is_not_drawn(whole_experiment, make_store, tmp_path):
    folder = whole_experiment("exp")
    other = make_store(tmp_path / "other", tiles=7, seed=5, size=24)
    config = folder / "stage2_A100-200" / "stage2_A100-200.py"
    text = config.read_text().replace(str(tmp_path / "stores" / "train"), str(other))
    config.write_text(text)
    [note] = write_report([folder], tmp_path / "report")
    assert "error bank of stage2_A100-200: made on tile store" in note


def test_what_is_missing_or_unfinished_is_named(experiment, write_run, tmp_path):
    write_run("stage1_A", range(5, 7), state="running", folder="exp")
    notes = write_report([experiment, tmp_path / "absent"], tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text()
    for part in ("stage1_A: unfinished, epoch 6 of 6", "absent: no such work"):
        assert any(part in note for note in notes) and part in page
    assert "not there: stage1_B, stage2_A100-250" in page


def test_one_epoch_and_no_scores(write_run, tmp_path):
    path = write_run("stage1_trunk", range(1, 2))
    text = (path / "history.jsonl").read_text()
    (path / "history.jsonl").write_text(re.sub(r'"iou": [0-9.]+', '"iou": null', text))
    write_report([path], tmp_path / "report")
    assert (tmp_path / "report" / "report.html").is_file()


def test_a_second_stage_of_one_epoch(write_run, tmp_path):
    lineage = dict(parent="stage1_trunk", epoch=4, use="bank")
    path = write_run("stage2_A100-200", range(1, 2), lineage)
    write_report([path], tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text()
    assert "Stage 1 is not among the runs" in page


def test_nothing_to_report(tmp_path):
    with pytest.raises(UserError, match="no such work directory"):
        write_report([tmp_path / "absent"], tmp_path / "report")
    assert not (tmp_path / "report").exists()
