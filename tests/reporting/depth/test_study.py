import json

import numpy as np
import pytest

from mmext.errors import UserError
from mmext.reporting.depth.study import checkpoint_of, group_studies, last_score
from mmext.reporting.runs import find_runs


def studies_of(folder):
    runs, _ = find_runs([folder])
    return group_studies(runs)


def test_configurations_and_seeds_of_one_study_in_the_papers_order(write_run, tmp_path):
    for seed in (1, 0):
        for name in ("no_smooth", "all", "all_resnet50", "no_silog"):
            write_run(name, seed)
    [study], notes = studies_of(tmp_path)
    assert notes == []
    assert list(study.runs) == ["all", "no_silog", "no_smooth", "all_resnet50"]
    assert [run.seed for run in study.runs["all"]] == [0, 1]
    assert study.seeds == [0, 1]
    assert study.label == "exp"


def test_other_data_length_or_network_is_another_study(write_run, tmp_path):
    write_run("all", folder="published")
    write_run("all", folder="rigs", split="rig_B")
    write_run("all", folder="long", epochs=5)
    write_run("all", folder="wide", width=8)
    studies, _ = studies_of(tmp_path)
    labels = {study.label for study in studies}
    assert labels == {f"{n}/seed0" for n in ("published", "rigs", "long", "wide")}


def test_the_same_run_twice_and_other_models_are_left_out(write_run, tmp_path):
    first, second = write_run("all", folder="a"), write_run("all", folder="b")
    other = write_run("no_silog")
    config = other / "no_silog.py"
    text = config.read_text().replace("DepthEstimator", "BinarySegmentor")
    config.write_text(text)
    write_run("no_smooth").joinpath("no_smooth.py").unlink()
    [study], notes = studies_of(tmp_path)
    assert study.runs["all"][0].path in (first, second)
    assert len(notes) == 3
    assert any("same configuration, seed and data" in note for note in notes)
    assert any("trains a BinarySegmentor" in note for note in notes)
    assert any("no such config" in note for note in notes)


def test_unfinished_runs_do_not_count(write_run, tmp_path):
    write_run("all")
    write_run("no_silog", state="running")
    [study], notes = studies_of(tmp_path)
    assert list(study.runs) == ["all"]
    assert notes == []  # find_runs names what is unfinished


def test_the_last_scored_epoch_counts(write_run, tmp_path):
    path = write_run("all", abs_rel=0.07)
    [study], _ = studies_of(tmp_path)
    assert last_score(study.any_run, "all", "abs_rel") == pytest.approx(0.07)
    lines = (path / "history.jsonl").read_text().splitlines()
    unscored = {**json.loads(lines[-1]), "epoch": 4}
    del unscored["test"]
    (path / "history.jsonl").write_text("\n".join([*lines, json.dumps(unscored)]))
    [study], _ = studies_of(tmp_path)
    assert last_score(study.any_run, "all", "abs_rel") == pytest.approx(0.07)
    assert np.isnan(last_score(study.any_run, "object_median", "abs_rel"))
    with pytest.raises(UserError, match=r"epoch_4\.pth: no such checkpoint"):
        checkpoint_of(study.any_run)
