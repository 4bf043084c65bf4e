import math

from mmext.reporting.html_page import HtmlPage


def test_cells():
    page = HtmlPage("A < B", "lead")
    page.table(
        [
            dict(a="x<y", b=0.12345, c=math.nan, d=-0.05, _marks={"b": "2"}),
            dict(a="", b=None, c=math.inf, d=("open", "https://e.org/?a&b")),
            dict(a="p", b=0.09999, _class="paper"),
        ],
        dict(a="A", b="B", c="C", d="D"),
    )
    text = page.render()
    assert "<title>A &lt; B</title>" in text and "x&lt;y" in text
    assert "<td>0.123<sup>2</sup></td>" in text
    assert text.count("<td>–</td>") == 5  # NaN, None, infinity and two absent
    assert "−0.0500" in text and "<td>0.100</td>" in text
    assert 'href="https://e.org/?a&amp;b"' in text
    assert "<tr class=paper>" in text


def test_sections_are_listed_and_pictures_embedded():
    page = HtmlPage("T", "")
    page.heading("One & two")
    page.figure("image/png", b"abc", 'A "caption"')
    page.warnings([])
    text = page.render()
    assert '<a href="#s1">One &amp; two</a>' in text and '<h2 id="s1">' in text
    assert 'src="data:image/png;base64,YWJj"' in text
    assert "&quot;caption&quot;" in text and "warn" not in text.split("</style>")[1]
