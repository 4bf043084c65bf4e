import numpy as np
import pytest

from mmext.evaluation.depth import SCORES
from mmext.reporting.depth.ablation import group_ablations
from mmext.reporting.depth.tables import (
    ablation_headings,
    ablation_rows,
    change_rows,
    score_rows,
    scored_sets,
    verdict,
)
from mmext.reporting.runs import find_runs

BASELINES = {
    "constant": {f"{pixels}.{s}": 0.5 for pixels in ("all", "object") for s in SCORES}
}


@pytest.fixture
def ablation(write_run, tmp_path):
    for seed, factor in ((0, 1.0), (1, 1.1), (2, 0.9)):
        write_run("all", seed, 0.1 * factor)
        # Always 20 % worse than all losses of the same seed.
        write_run("no_consistency", seed, 0.12 * factor)
        write_run("no_silog", seed, 0.1 * factor * (1 + 0.05 * (seed - 1)))
    [ablation], _ = group_ablations(find_runs([tmp_path])[0])
    return ablation


def test_ablation_with_spread_paper_and_baselines(ablation):
    rows = ablation_rows(ablation, BASELINES)
    assert [row["configuration"] for row in rows] == [
        "all losses",
        "no SILog",
        "no consistency",
        "constant",
    ]
    # 0.1, 0.11, 0.09: mean 0.1, deviation 0.01 with n − 1.
    assert rows[0]["all.abs_rel"] == "0.100 ± 0.010"
    assert rows[0]["all.rmse"] == "0.200 ± 0.020"
    assert rows[0]["seeds"] == 3
    assert rows[2]["paper.rmse"] == "0.2114"
    assert rows[3]["all.abs_rel"] == 0.5
    assert rows[3]["paper.rmse"] is None
    headings = ablation_headings(ablation)
    assert headings["object.rmse"] == "RMSE, m, objects"
    assert set(scored_sets(ablation)) == {"all", "all_median", "object"}


def test_changes_are_taken_seed_by_seed(ablation):
    by_name = {row["configuration"]: row for row in change_rows(ablation)}
    assert set(by_name) == {"no SILog", "no consistency"}
    # Seeds differ by 10 %, but the change is the same in each.
    assert by_name["no consistency"]["abs_rel"] == "+20.0% ± 0.0%"
    assert by_name["no consistency"]["rmse.paper"] == "+22.9%"
    assert by_name["no consistency"]["rmse.verdict"] == "yes"
    assert by_name["no SILog"]["rmse.verdict"] == "undecided"


@pytest.mark.parametrize(
    ("changes", "paper", "expected"),
    [
        ([0.1, 0.11, 0.12], 0.05, "yes"),
        ([0.1, 0.11, 0.12], -0.05, "no"),
        ([-0.1, 0.11, 0.02], 0.05, "undecided"),
        ([0.1], 0.05, "one seed"),
        ([], 0.05, "–"),
        ([np.nan, 0.1], 0.05, "one seed"),
    ],
)
def test_verdicts(changes, paper, expected):
    assert verdict(np.array(changes), paper) == expected


def test_what_the_paper_has_not_is_lower_or_higher():
    assert verdict(np.array([0.1, 0.11, 0.12]), None) == "higher"
    assert verdict(np.array([-0.1, -0.11, -0.12]), None) == "lower"
    assert verdict(np.array([-0.1, 0.11, 0.12]), None) == "undecided"


def test_every_score_of_every_seed(ablation):
    rows = score_rows(ablation, BASELINES)
    ours = [row for row in rows if "seed" in row]
    assert len(ours) == 3 * 3 * 3
    assert [row["pixels"] for row in rows if "seed" not in row] == ["all", "object"]
