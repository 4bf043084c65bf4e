import math
import re
from xml.etree import ElementTree

from mmext.reporting.html_page import HtmlPage, Link


def body(page):
    """What stands on the page, as a browser reads it."""
    _, rest = page.render().split("<body>")
    content, _ = rest.split("</body>")
    closed = re.sub(r"(<img [^>]*)>", r"\1/>", content)
    return ElementTree.fromstring(f"<body>{closed}</body>")


def test_cells():
    page = HtmlPage("A < B", "lead")
    page.table(
        [
            dict(a="x<y", b=0.12345, c=math.nan, d=-0.05, _marks={"b": "2"}),
            dict(a="", b=None, c=math.inf, d=Link("open", "https://e.org/?a&b")),
            dict(a="p", b=0.09999, _class="paper"),
        ],
        dict(a="A", b="B", c="C", d="D"),
    )
    assert "<title>A &lt; B</title>" in page.render()
    first, second, third = body(page).find(".//tbody")
    assert [cell.text for cell in first] == ["x<y", "0.123", "–", "−0.0500"]
    assert first[1].find("sup").text == "2"
    assert [cell.text for cell in second] == [None, "–", "–", None]
    link = second[3].find("a")
    assert (link.text, link.get("href")) == ("open", "https://e.org/?a&b")
    assert [cell.text for cell in third] == ["p", "0.100", "–", "–"]
    assert (first.get("class"), third.get("class")) == (None, "paper")
    assert [cell.get("class") for cell in first] == ["text", None, None, None]


def test_sections_are_listed_and_pictures_embedded():
    page = HtmlPage("T", "")
    page.text("Before any section.")
    page.heading("One & two")
    page.figure("image/png", b"abc", 'A "caption"')
    page.heading("Three")
    page.warnings([])
    shown = body(page)
    links = [(link.text, link.get("href")) for link in shown.iter("a")]
    heads = [(head.text, f"#{head.get('id')}") for head in shown.iter("h2")]
    assert links == heads and len(set(heads)) == 2
    [picture] = shown.iter("img")
    assert picture.get("src") == "data:image/png;base64,YWJj"
    assert picture.get("alt") == shown.find(".//figcaption").text == 'A "caption"'
    assert shown.find("ul") is None


def test_nothing_that_is_said_becomes_markup():
    script = "<script>alert('x')</script> & \"y\" {{ 7 * 7 }}"
    page = HtmlPage(script, script)
    page.heading(script)
    page.subheading(script)
    page.text(script)
    page.warnings([script])
    page.footnotes([script])
    page.cards([(script, script)])
    row = dict(a=script, b=Link(script, script), _marks={"a": script}, _class=script)
    page.table([row], dict(a=script, b=script))
    page.figure("image/png", b"", script)
    page.folded(script, script)
    text = page.render()
    assert "<script" not in text and "49" not in text
    shown = body(page)
    assert sum(text == script for text in shown.itertext()) == 18
    assert shown.find(".//pre").text == script
    assert re.search(r"<style>\n:root", text)
