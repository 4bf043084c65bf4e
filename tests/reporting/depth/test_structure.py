import json

import numpy as np
import pytest

from mmext.reporting.depth.ablation import group_ablations
from mmext.reporting.depth.structure import deviation_over_epochs, structure_rows
from mmext.reporting.runs import find_runs


def add_structure_scores(path, **scores):
    """Write structure scores into every line of a run's history."""
    history = path / "history.jsonl"
    lines = [json.loads(line) for line in history.read_text().splitlines()]
    for line in lines:
        line["test"] |= {"structural": scores, "metric": scores}
    history.write_text("".join(json.dumps(line) + "\n" for line in lines))


def ablation_of(folder):
    [ablation], _ = group_ablations(find_runs([folder])[0])
    return ablation


def test_mean_and_deviation_over_seeds_of_both_outputs(write_run, tmp_path):
    for seed, error in enumerate((0.1, 0.2, 0.3)):
        add_structure_scores(write_run("all", seed), order_error=error, collapsed=0.0)
    rows = structure_rows(ablation_of(tmp_path))
    assert [(row["configuration"], row["output"]) for row in rows] == [
        ("all losses", "structural"),
        ("all losses", "metric"),
    ]
    assert rows[0]["order_error"] == "0.200 ± 0.100"
    assert rows[0]["edge_accuracy"] is None
    assert rows[0]["steadiness"] is None


def test_runs_scored_before_there_were_such_scores_have_no_rows(write_run, tmp_path):
    write_run("all")
    assert structure_rows(ablation_of(tmp_path)) == []


def test_deviation_is_that_of_the_last_third(write_run, tmp_path):
    write_run("all", abs_rel=0.1, epochs=9)
    run = ablation_of(tmp_path).any_run
    # The fixture's AbsRel falls by 0.1 each epoch: 0.3, 0.2, 0.1 at the end.
    assert deviation_over_epochs(run) == pytest.approx(0.1)
    write_run("no_silog", epochs=3, folder="short")
    [short] = [r for r in find_runs([tmp_path])[0] if r.name == "no_silog"]
    assert np.isnan(deviation_over_epochs(short))
