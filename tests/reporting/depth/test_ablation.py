import json

import numpy as np
import pytest

from mmext.errors import UserError
from mmext.reporting.depth.ablation import (
    CONFIGURATIONS,
    TABLE_1,
    checkpoint_of,
    group_ablations,
    last_score,
    published_change,
)
from mmext.reporting.runs import find_runs


def ablations_of(folder):
    runs, _ = find_runs([folder])
    return group_ablations(runs)


def test_one_ablation_is_in_the_papers_order(write_run, tmp_path):
    for seed in (1, 0):
        for name in ("no_smooth", "all", "all_resnet50", "no_silog"):
            write_run(name, seed)
    [ablation], notes = ablations_of(tmp_path)
    assert notes == []
    assert list(ablation.runs) == ["all", "no_silog", "no_smooth", "all_resnet50"]
    assert [run.seed for run in ablation.runs["all"]] == [0, 1]
    assert ablation.seeds == [0, 1]
    assert ablation.label == "exp"


def test_other_data_length_or_network_is_another_ablation(write_run, tmp_path):
    write_run("all", folder="published")
    write_run("all", folder="rigs", split="rig_B")
    write_run("all", folder="long", epochs=5)
    write_run("all", folder="wide", width=8)
    ablations, _ = ablations_of(tmp_path)
    labels = {ablation.label for ablation in ablations}
    assert labels == {f"{n}/seed0" for n in ("published", "rigs", "long", "wide")}


def test_networks_on_the_same_data_are_compared_by_name(write_run, tmp_path):
    write_run("all")
    write_run("no_silog")
    write_run("all_wide", width=8)
    [ablation], notes = ablations_of(tmp_path)
    assert list(ablation.runs) == ["all", "no_silog", "all_wide"]
    assert notes == []


def test_what_could_belong_to_two_networks_belongs_to_neither(write_run, tmp_path):
    write_run("all", folder="narrow")
    write_run("all", folder="wide", width=8)
    write_run("no_silog", folder="wider", width=16)
    ablations, _ = ablations_of(tmp_path)
    assert [list(ablation.runs) for ablation in ablations].count(["all"]) == 2
    assert len(ablations) == 3


def test_the_same_run_twice_and_other_models_are_left_out(write_run, tmp_path):
    first, second = write_run("all", folder="a"), write_run("all", folder="b")
    other = write_run("no_silog")
    config = other / "no_silog.py"
    text = config.read_text().replace("DepthEstimator", "BinarySegmentor")
    config.write_text(text)
    write_run("no_smooth").joinpath("no_smooth.py").unlink()
    [ablation], notes = ablations_of(tmp_path)
    assert ablation.runs["all"][0].path in (first, second)
    assert len(notes) == 3
    assert any("same configuration, seed and data" in note for note in notes)
    assert any("trains a BinarySegmentor" in note for note in notes)
    assert any("no such config" in note for note in notes)


def test_unfinished_runs_do_not_count(write_run, tmp_path):
    write_run("all")
    write_run("no_silog", state="running")
    [ablation], notes = ablations_of(tmp_path)
    assert list(ablation.runs) == ["all"]
    assert notes == []  # find_runs names what is unfinished


def test_the_last_scored_epoch_counts(write_run, tmp_path):
    path = write_run("all", abs_rel=0.07)
    [ablation], _ = ablations_of(tmp_path)
    assert last_score(ablation.any_run, "all", "abs_rel") == pytest.approx(0.07)
    lines = (path / "history.jsonl").read_text().splitlines()
    unscored = {**json.loads(lines[-1]), "epoch": 4}
    del unscored["test"]
    (path / "history.jsonl").write_text("\n".join([*lines, json.dumps(unscored)]))
    [ablation], _ = ablations_of(tmp_path)
    assert last_score(ablation.any_run, "all", "abs_rel") == pytest.approx(0.07)
    assert np.isnan(last_score(ablation.any_run, "object_median", "abs_rel"))
    with pytest.raises(UserError, match=r"epoch_4\.pth: no such checkpoint"):
        checkpoint_of(ablation.any_run)


def test_the_published_table_says_what_the_paper_says():
    assert list(TABLE_1) == list(CONFIGURATIONS)
    change = published_change("no_smooth_no_consistency", "rmse")
    assert change == pytest.approx(0.2328 / 0.1720 - 1)
    # "Removing smoothness improves both figures."
    for score in ("abs_rel", "rmse"):
        assert published_change("no_smooth", score) < 0
        assert published_change("no_consistency", score) > 0
