import pandas as pd
import pytest

from mmext.errors import UserError
from mmext.reporting.analysis import write_analysis


def test_everything(whole_experiment, tmp_path):
    folder, out = whole_experiment("exp"), tmp_path / "out"
    assert write_analysis([folder], out, worst=2) == []
    names = ["stage1_baseline", "stage1_trunk", "stage2_A100-200"]
    curves = pd.read_csv(out / "curves.csv")
    assert curves.groupby("run").size().to_dict() == dict(
        zip(names, (4, 4, 8), strict=True)
    )
    assert list(curves.columns) == [
        "run",
        "epoch",
        "loss.mean",
        "train.iou",
        "test.iou",
    ]
    tiles = pd.read_csv(out / "tiles.csv")
    assert len(tiles) == 3 * 9 and set(tiles["run"]) == set(names)
    pixels = pd.read_csv(out / "confusion.csv").set_index(["run", "label"])
    by_run = tiles.groupby("run")[["tp", "fp", "fn", "tn"]].sum()
    for name in names:
        target, background = pixels.loc[name, "target"], pixels.loc[name, "background"]
        assert target["background"] == by_run.fn[name]
        assert background["background"] == by_run.tn[name]
    figures = {path.stem for path in (out / "figures").iterdir()}
    assert {"curves", *(f"confusion_{name}" for name in names)} < figures
    [worst] = figures - {"curves", *(f"confusion_{name}" for name in names)}
    assert worst.startswith("worst_tiles_test_")
    page = (out / "analysis.html").read_text()
    assert "epoch 8, decided as trained" in page


def test_another_store_is_answered_beside_the_results(whole_experiment, tmp_path):
    folder, out = whole_experiment("exp"), tmp_path / "out"
    store = tmp_path / "stores" / "train"
    write_analysis([folder / "stage1_trunk"], out, store=store)
    assert len(pd.read_csv(out / "tiles.csv")) == 7
    assert not (folder / "stage1_trunk" / "test_predictions").exists()
    assert (out / "predictions" / "stage1_trunk" / "dump.json").is_file()


def test_runs_of_one_name_are_told_apart(whole_experiment, tmp_path):
    folders = [whole_experiment(f"seed{seed}", seed) for seed in (0, 1)]
    write_analysis(folders, tmp_path / "out")
    runs = set(pd.read_csv(tmp_path / "out" / "tiles.csv")["run"])
    assert {"seed0/stage1_trunk", "seed1/stage1_trunk"} < runs and len(runs) == 6


def test_curves_of_what_has_no_checkpoint(write_run, tmp_path):
    path = write_run("stage1_trunk", range(1, 5))
    [note] = write_analysis([path], tmp_path / "out", keys=["cfdr.total"])
    assert "stage1_trunk" in note and note.startswith("left out")
    curves = pd.read_csv(tmp_path / "out" / "curves.csv")
    assert curves["cfdr.total"].tolist()[2:] == [0.03, 0.04]
    assert curves["cfdr.total"].isna().tolist() == [True, True, False, False]
    assert not (tmp_path / "out" / "tiles.csv").exists()


def test_a_key_that_no_run_has_leaves_nothing(write_run, tmp_path):
    path = write_run("stage1_trunk", range(1, 5))
    with pytest.raises(UserError, match="no run has lose"):
        write_analysis([path], tmp_path / "out", keys=["lose"])
    assert not (tmp_path / "out").exists()
