import pytest

from mmext.reporting.depth.published import CONFIGURATIONS, TABLE_1, published_change


def test_the_published_table_says_what_the_paper_says():
    assert list(TABLE_1) == list(CONFIGURATIONS)
    change = published_change("no_smooth_no_consistency", "rmse")
    assert change == pytest.approx(0.2328 / 0.1720 - 1)
    # "Removing smoothness improves both figures."
    for score in ("abs_rel", "rmse"):
        assert published_change("no_smooth", score) < 0
        assert published_change("no_consistency", score) > 0
