import math

import numpy as np
import pytest

from mmext.reporting.segmentation.averages import SCORES
from mmext.reporting.segmentation.cases import (
    CONTRADICTIONS,
    TABLE_2,
    least_fp_tp,
    marks,
    published_rows,
    seed_rows,
)


def row(case, iou):
    values = {f"{p}{s}{q}": 0.5 for s in SCORES for p, q in (("d_", ""), ("", "_1"))}
    values |= {f"{s}_2": math.nan for s in SCORES}
    return {"case": case, "cfdr": 0.01, **values, "iou_1": iou}


def test_mean_and_deviation_over_seeds():
    rows = [row("A100-200", iou) for iou in (0.6, 0.7, 0.8)] + [row("B100-250", 0.5)]
    [line] = seed_rows(rows)
    assert line["case"] == "A100-200" and line["seeds"] == "3"
    assert line["iou_1"] == "0.700 ± 0.100"  # of a sample: n − 1
    assert line["cfdr"] == "0.0100 ± 0.0000" and line["iou_2"] is None


def test_one_seed_has_no_spread():
    assert seed_rows([row("A100-200", 0.6)]) == []


def test_published_differences_are_computed():
    """The paper prints 0.31 for B_100-250; its own figures give 0.21."""
    by_case = {row["case"]: row for row in published_rows()}
    assert by_case["B100-250"]["d_fn_tp"] == pytest.approx(0.21)
    assert by_case["B100-250"]["printed_d_fn_tp"] == 0.31
    assert by_case["A100-250"]["d_iou"] == pytest.approx(0.13)
    assert set(by_case) == set(TABLE_2)


def test_what_is_contradicted_is_marked_and_nothing_else_differs():
    assert marks("B100-250")["d_fn_tp"] == "1"
    assert marks("A100-250")["cfdr"] == "2"
    for row in published_rows():
        for column in ("d_iou", "d_fn_tp"):
            agrees = row[column] == pytest.approx(row[f"printed_{column}"])
            first = CONTRADICTIONS[0][0]
            assert agrees == ((row["case"], column) not in first)


def test_no_epochs_have_less_fp_tp_than_their_averages_imply():
    generator = np.random.default_rng(0)
    for _ in range(200):
        # Ratios of some epochs, from steady to wild.
        fp, fn = generator.gamma(generator.uniform(0.5, 50), 0.2, (2, 20))
        iou = (1 / (1 + fp + fn)).mean()
        printed = round(iou, 2), round(fn.mean(), 2)
        assert fp.mean() >= least_fp_tp(*printed) - 1e-12
    # Without any swing and rounding it is no bound but the value.
    assert least_fp_tp(1 / 1.7, 0.3, rounding=0) == pytest.approx(0.4)


def test_what_the_printed_averages_imply():
    implied = {row["case"]: row["implied_fp_tp_1"] for row in published_rows()}
    assert implied["A100-200"] == pytest.approx(1 / 0.615 - 1.385)
    assert all(0.199 < value < 0.245 for value in implied.values())
