"""Verdicts from intervals and p values, and from sums made by hand."""

import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mmext.evaluation.bootstrap import Interval
from mmext.evaluation.decision_rule import DecisionRule
from mmext.evaluation.paired_t import PairedT
from mmext.reporting.html_page import HtmlPage
from mmext.reporting.report_writer import ReportWriter
from mmext.study.arm_tables import arm_headings, arm_row, epoch_rows
from mmext.study.cost import Cost
from mmext.study.draw_arms import draw_arms, draw_epochs
from mmext.study.findings import Comparison, Finding
from mmext.study.questions import Question
from mmext.study.results import ArmScores, Results
from mmext.study.stability import EpochScores, StabilityWindow
from mmext.study.study_file import Arm, Study
from mmext.study.write_questions import add_questions

NAN = float("nan")


@pytest.mark.parametrize(
    "over_seeds, crossed, p, expected",
    [
        ((0.01, 0.05), (0.02, 0.04), 0.01, "decided: better"),
        ((-0.05, -0.01), (-0.04, -0.02), 0.01, "decided: worse"),
        # Decided comes first: a difference can be sure and small.
        ((0.001, 0.005), (0.002, 0.004), 0.01, "decided: better"),
        ((0.001, 0.05), (0.002, 0.04), 0.06, "undecided"),
        ((0.01, 0.05), (-0.02, 0.04), 0.01, "undecided"),
        ((0.01, 0.05), (-0.04, -0.02), 0.01, "undecided"),
        ((-0.01, 0.015), (-0.015, 0.01), 1.0, "no"),
        ((0.001, 0.015), (0.001, 0.01), 0.06, "no"),
        ((-0.01, 0.025), (-0.015, 0.01), 1.0, "undecided"),
        ((-0.02, 0.01), (-0.01, 0.01), 1.0, "undecided"),
        ((NAN, NAN), (-0.01, 0.01), 1.0, "undecided"),
        ((NAN, NAN), (0.01, 0.02), 0.0, "undecided"),
    ],
)
def test_verdicts(over_seeds, crossed, p, expected):
    question = Question("?", "a", "b", "iou", margin=0.02)
    comparison = Comparison(PairedT(0, *over_seeds, p=p), Interval(0, *crossed))
    assert Finding(question, "a", "b", comparison, p).verdict == expected


def scores(rates, val_iou, scenes=12):
    """An arm whose seeds find a share of 1000 target pixels in each scene."""
    rng = np.random.default_rng(len(rates))
    found = []
    for rate in rates:
        tp = rng.binomial(1000, rate, scenes)
        sums = np.stack([tp, rng.poisson(30, scenes), 1000 - tp], axis=1)
        found.append(ArmScores(DecisionRule({}), sums, None, val_iou))
    return found


@pytest.fixture
def results():
    arms = ("one stage", "grown", "two stages", "again")
    ask = [
        Question(
            "does it help?",
            ("again", "two stages"),
            ("one stage", "grown"),
            "iou",
            0.02,
        ),
        Question("is it the same?", "again", "one stage", "iou", 0.5),
        Question("or worse?", "grown", "two stages", "iou", 0.02),
    ]
    study = Study(
        stability=StabilityWindow(last=8, every=2),
        path=Path("study.py"),
        arms=tuple(Arm(name, "x") for name in arms),
        seeds=(0, 1, 2, 3),
        stores={},
        configs=Path(),
        trainings={},
        options={},
        reference=("one stage", "grown"),
        questions=tuple(ask),
    )
    by_arm = dict(
        zip(
            arms,
            (
                scores([0.5, 0.52, 0.51, 0.53], 0.5),
                scores([0.55, 0.57, 0.57, 0.56], 0.6),  # preferred on validation
                scores([0.75, 0.77, 0.74, 0.76], 0.5),
                scores([0.4, 0.6, 0.45, 0.62], 0.4),
            ),
            strict=True,
        )
    )
    return Results(study, by_arm, {name: Cost(1, 1.0) for name in arms})


def ious(results, arm):
    sums = [s.sums.sum(axis=0) for s in results.scores[arm]]
    return np.array([tp / (tp + fp + fn) for tp, fp, fn in sums])


def test_questions_of_a_study(results):
    assert results.reference == "grown"
    first, second, third = results.findings
    assert (first.arm, first.against) == ("two stages", "grown")
    gains = ious(results, "two stages") - ious(results, "grown")
    assert first.comparison.over_seeds.value == pytest.approx(gains.mean())
    assert first.comparison.crossed.value == pytest.approx(gains.mean())
    p = stats.ttest_1samp(gains, 0).pvalue
    assert first.comparison.over_seeds.p == pytest.approx(p)
    # The same p twice and a larger one: both of the small ones are multiplied by 3.
    assert first.adjusted_p == pytest.approx(3 * p)
    assert third.comparison.over_seeds.p == pytest.approx(p)
    verdicts = [finding.verdict for finding in results.findings]
    assert verdicts == ["decided: better", "no", "decided: worse"]
    assert second.comparison.crossed.high < 0.5


def test_questions_are_written(results, tmp_path):
    page = HtmlPage("title", "lead")
    add_questions(ReportWriter(page, tmp_path), results)
    html = page.render()
    assert html.index("Questions") < html.index("decided: better")
    assert "two stages (best of 2)" in html and "grown (best of 2)" in html
    assert "Holm 1979" in html
    with (tmp_path / "questions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["verdict"] for row in rows][1] == "no"
    found = results.findings[0]
    assert rows[0]["against"] == "grown"
    for name, expected in (
        ("difference", found.comparison.over_seeds.value),
        ("t_low", found.comparison.over_seeds.low),
        ("crossed_high", found.comparison.crossed.high),
        ("adjusted_p", found.adjusted_p),
        ("margin", 0.02),
    ):
        assert float(rows[0][name]) == pytest.approx(expected)


def test_draws_without_a_score_are_said(results, tmp_path):
    page = HtmlPage("title", "lead")
    add_questions(ReportWriter(page, tmp_path), results)
    assert "left out" not in page.render()
    for arm_scores in results.scores.values():
        for scored in arm_scores:
            scored.sums[1:] = 0  # eleven of twelve scenes are empty
    results.__dict__.pop("findings")
    add_questions(ReportWriter(page, tmp_path), results)
    [share] = re.findall(r"up to ([\d.]+)% of the bootstrap", page.render())
    assert float(share) == pytest.approx(100 * (11 / 12) ** 12, abs=4)


def test_the_arms_gain_has_both_intervals(results):
    assert "gain" not in arm_row(results, "grown")
    row = arm_row(results, "two stages")
    gain = results.compare("two stages", "grown")
    assert row["gain"].startswith(f"+{gain.over_seeds.value:.3f} [")
    assert row["crossed"].startswith("[+")
    for seeds in (2, 1):
        few = Results(
            results.study,
            {k: v[:seeds] for k, v in results.scores.items()},
            results.costs,
        )
        assert "[" not in arm_row(few, "two stages")["gain"]
        assert arm_row(few, "two stages")["crossed"].startswith("[+")


@pytest.fixture
def steadiness(results):
    """Four epochs of two arms; the second stage jumps half as far."""
    rng = np.random.default_rng(5)

    def epochs(jump, seed):
        rates = 0.5 + jump * rng.permutation([-1, -0.5, 0.5, 1]) + 0.01 * seed
        tp = rng.binomial(10_000, rates[:, None], (4, 12))
        sums = np.stack([tp, np.full_like(tp, 100), 10_000 - tp], axis=-1)
        return EpochScores(np.array([394, 396, 398, 400]) + seed, sums)

    found = {
        name: [epochs(jump, seed) for seed in range(4)]
        for name, jump in (("one stage", 0.1), ("two stages", 0.05))
    }
    question = Question("steadier?", "two stages", "one stage", "deviation", 0.01)
    study = replace(results.study, questions=(question,))
    return replace(results, stability=found, study=study)


def test_deviation_is_a_question_of_its_own(steadiness):
    [finding] = steadiness.findings
    by_hand = {
        name: np.array([np.std(scores.iou, ddof=1) for scores in seeds])
        for name, seeds in steadiness.stability.items()
    }
    gains = by_hand["two stages"] - by_hand["one stage"]
    assert finding.comparison.over_seeds.value == pytest.approx(gains.mean())
    assert finding.comparison.crossed.value == pytest.approx(gains.mean())
    assert finding.adjusted_p == pytest.approx(stats.ttest_1samp(gains, 0).pvalue)
    # Less deviation is better.
    assert gains.mean() < -0.03
    assert finding.verdict == "decided: better"


def test_epochs_are_tabled_and_drawn(results, steadiness):
    assert "deviation" not in arm_headings(results)
    assert "deviation" in arm_headings(steadiness)
    row = arm_row(steadiness, "one stage")
    deviations = [seed.deviation for seed in steadiness.stability["one stage"]]
    assert row["deviation"].startswith(f"{np.mean(deviations):.4f} ±")
    assert "deviation" not in arm_row(steadiness, "grown")
    rows = epoch_rows(steadiness)
    assert len(rows) == 2 * 4 * 4
    first = steadiness.stability["one stage"][0]
    tp, fp, fn = first.sums[0].sum(axis=0)
    assert rows[0] == {
        "arm": "one stage",
        "seed": 0,
        "epoch": 394,
        "iou": f"{tp / (tp + fp + fn):.4f}",
        "tp": tp,
        "fp": fp,
        "fn": fn,
    }
    [axes] = draw_epochs(steadiness).axes
    lines = axes.get_lines()
    assert [line.get_label() for line in lines] == ["one stage", "two stages"]
    # Trainings that end at other epochs lie over each other.
    assert lines[0].get_xdata().tolist() == [-6, -4, -2, 0]
    mean = np.mean([s.iou for s in steadiness.stability["one stage"]], axis=0)
    np.testing.assert_allclose(lines[0].get_ydata(), mean)


def test_what_no_arm_has_gets_no_panel(results, monkeypatch):
    titles = [axes.get_title() for axes in draw_arms(results).axes]
    assert titles == ["IoU", "Δ IoU to the reference"]
    assert {"matched", "area"}.isdisjoint(arm_headings(results))
    monkeypatch.setattr(Results, "matched", lambda self, arm: [0.5, NAN, 0.5, 0.5])
    assert "matched" in arm_headings(results)
    figure = draw_arms(results)
    assert [axes.get_title() for axes in figure.axes][2:] == [
        "Δ precision at equal recall"
    ]
    # Of three arms a point a seed but for that of NaN, and the mean.
    points, means = figure.axes[2].get_lines()[:6:2], figure.axes[2].get_lines()[1:6:2]
    assert [len(line.get_xdata()) for line in points] == [3, 3, 3]
    assert [len(line.get_xdata()) for line in means] == [2, 2, 2]
