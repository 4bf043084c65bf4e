"""Figures on the page and beside it."""

import base64
import io
import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from mmext.reporting.html_page import HtmlPage
from mmext.reporting.report_writer import ReportWriter


@pytest.mark.parametrize("vector", [True, False])
def test_pictures_are_whole_in_files_and_compressed_on_the_page(tmp_path, vector):
    (tmp_path / "figures").mkdir()
    figure = Figure(figsize=(4, 3))
    axes = figure.subplots()
    axes.imshow(np.random.default_rng(0).random((40, 60)), interpolation="bilinear")
    page = HtmlPage("title", "lead")
    ReportWriter(page, tmp_path).figure("noise", figure, "caption", vector=vector)
    png = tmp_path / "figures" / "noise.png"
    assert (tmp_path / "figures" / "noise.svg").is_file()
    [(media, data)] = re.findall(
        r'src="data:image/([^;]+);base64,([^"]+)"', page.render()
    )
    content = base64.b64decode(data)
    if vector:
        assert media == "svg+xml" and b"<svg" in content
        return
    assert media == "webp" and len(content) < png.stat().st_size / 2
    seen, kept = (
        np.asarray(Image.open(file).convert("L"), float)
        for file in (io.BytesIO(content), png)
    )
    assert seen.shape == kept.shape
    assert np.abs(seen - kept).mean() < 5


def test_tables_keep_whole_numbers_and_leave_empty_what_is_not_known(tmp_path):
    rows = [
        dict(name='a, "b"', seed=3, iou=0.1 + 0.2, _class="total"),
        dict(name="ü", iou=float("nan")),
    ]
    writer = ReportWriter(HtmlPage("title", "lead"), tmp_path)
    writer.csv("rows", rows, ["name", "seed", "iou"])
    lines = (tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines()
    assert lines == ["name,seed,iou", '"a, ""b""",3,0.30000000000000004', "ü,,"]
    writer.csv("none", [], ["name"])
    assert (tmp_path / "none.csv").read_text().strip() == "name"
