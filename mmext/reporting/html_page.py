"""One file that opens from disk."""

import base64
import html
import math
from collections.abc import Mapping, Sequence

_STYLE = """
:root { color-scheme: light; --ink: #1d2329; --faint: #5c6670; --line: #dde2e6;
  --wash: #f5f7f8; --accent: #0072b2; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0 auto; max-width: 70rem; padding: 1.5rem clamp(.9rem, 4vw, 2rem) 4rem;
  color: var(--ink); background: #fff; font: 16px/1.55 system-ui, -apple-system,
  "Segoe UI", Roboto, "Noto Sans", sans-serif; }
p, li, figcaption { max-width: 46rem; }
a { color: var(--accent); text-underline-offset: .15em; }
h1 { font-size: clamp(1.5rem, 4.5vw, 2.1rem); line-height: 1.15;
  letter-spacing: -.015em; margin: .4rem 0 .3rem; text-wrap: balance; }
h2 { margin: 3rem 0 .8rem; padding-top: 1.1rem; border-top: 1px solid var(--line);
  font-size: 1.35rem; letter-spacing: -.01em; scroll-margin-top: .5rem; }
h3 { margin: 1.8rem 0 .5rem; font-size: 1.02rem; }
.lead { color: var(--faint); margin-top: 0; }
nav { margin: 1.2rem 0; font-size: .9rem; } nav a { display: inline-block;
  margin: 0 1.1rem .25rem 0; text-decoration: none; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(11.5rem, 1fr));
  gap: .8rem; margin: 1.2rem 0; }
.card { background: var(--wash); border-radius: .5rem; padding: .8rem 1rem; }
.card b { display: block; font-size: 1.5rem; line-height: 1.2; font-weight: 650;
  font-variant-numeric: tabular-nums; }
.card span { display: block; color: var(--faint); font-size: .84rem;
  line-height: 1.35; }
figure { margin: 1.3rem 0 2rem; }
.wide { overflow-x: auto; -webkit-overflow-scrolling: touch; }
figure img { display: block; width: 100%; height: auto; }
figcaption { color: var(--faint); font-size: .88rem; margin-top: .5rem; }
.scroll { overflow-x: auto; margin: 1rem 0; -webkit-overflow-scrolling: touch; }
table { border-collapse: collapse; font-size: .86rem; line-height: 1.4;
  font-variant-numeric: tabular-nums; }
th, td { padding: .38rem .7rem; border-bottom: 1px solid var(--line);
  text-align: right; white-space: nowrap; vertical-align: top; }
thead th { vertical-align: bottom; border-bottom: 2px solid var(--ink);
  font-weight: 600; line-height: 1.2; white-space: normal; }
th.text, td.text { text-align: left; }
th:first-child, td:first-child { padding-left: 0; }
tr.paper td { color: var(--faint); font-style: italic; }
td sup { color: #b34700; font-style: normal; font-weight: 600; margin-left: .1em;
  line-height: 0; }
tr.total td { font-weight: 600; }
ol.marks { font-size: .86rem; color: var(--faint); padding-left: 1.4rem; }
ol.marks li::marker { color: #b34700; font-weight: 600; }
.warn { background: #fff7e6; border-left: 4px solid #e0a100; border-radius: 0 .3rem
  .3rem 0; padding: .6rem 1rem .6rem 2rem; font-size: .92rem; margin: 1rem 0; }
.note { color: var(--faint); font-size: .88rem; }
details { margin: .8rem 0; border: 1px solid var(--line); border-radius: .4rem;
  padding: .5rem .9rem; }
summary { cursor: pointer; font-weight: 600; font-size: .92rem; }
pre { overflow-x: auto; font: .78rem/1.45 ui-monospace, Menlo, Consolas, monospace;
  background: var(--wash); padding: .8rem; border-radius: .4rem; }
@media (max-width: 40rem) { .wide img { width: 46rem; max-width: none; } }
@media print { @page { margin: 15mm; } body { max-width: none; padding: 0;
  font-size: 10.5pt; } nav, details { display: none; } h2, h3 { break-after: avoid; }
  figure, tr, .card { break-inside: avoid; } .scroll, .wide { overflow: visible; }
  .scroll table { font-size: 7.2pt; } th, td { padding: .2rem .3rem; }
  .scroll td, .scroll th { white-space: normal; } figure img { max-height: 200mm;
  width: auto; max-width: 100%; } a { color: inherit; text-decoration: none; } }
"""
Row = Mapping[str, object]


class HtmlPage:
    """Collects headings, text, tables and pictures into one self-contained page.

    Args:
        title: Title and first heading.
        lead: A line below it.
    """

    def __init__(self, title: str, lead: str) -> None:
        self.title = title
        self._lead = lead
        self._sections: list[tuple[str, str]] = []
        self._parts: list[str] = []

    def heading(self, text: str) -> None:
        """A section's heading, listed at the top."""
        anchor = f"s{len(self._sections) + 1}"
        self._sections.append((anchor, text))
        self._parts.append(f'<h2 id="{anchor}">{html.escape(text)}</h2>')

    def subheading(self, text: str) -> None:
        """A heading inside a section."""
        self._parts.append(f"<h3>{html.escape(text)}</h3>")

    def text(self, text: str, quiet: bool = False) -> None:
        """A paragraph; a quiet one is set back."""
        kind = ' class="note"' if quiet else ""
        self._parts.append(f"<p{kind}>{html.escape(text)}</p>")

    def warnings(self, lines: Sequence[str]) -> None:
        """A marked list; nothing if there are no lines."""
        if lines:
            items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
            self._parts.append(f'<ul class="warn">{items}</ul>')

    def footnotes(self, lines: Sequence[str]) -> None:
        """Numbered notes, for the marks in a table's cells."""
        items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
        self._parts.append(f'<ol class="marks">{items}</ol>')

    def cards(self, cards: Sequence[tuple[str, str]]) -> None:
        """Figures to see first: a value and what it is."""
        items = "".join(
            f'<div class="card"><b>{html.escape(value)}</b>'
            f"<span>{html.escape(meaning)}</span></div>"
            for value, meaning in cards
        )
        self._parts.append(f'<div class="cards">{items}</div>')

    def table(
        self, rows: Sequence[Row], headings: Mapping[str, str], text: int = 1
    ) -> None:
        """A table that scrolls on a narrow screen.

        Args:
            rows: The cells by column. A row may also have ``_class``, its CSS class,
                and ``_marks``, footnote numbers by column; a cell (text, address) is
                a link.
            headings: Heading by column, in order.
            text: How many columns from the left hold text.
        """
        kinds = dict.fromkeys(list(headings)[:text], " class=text")
        head = "".join(
            f"<th{kinds.get(key, '')}>{html.escape(title)}</th>"
            for key, title in headings.items()
        )
        body = ""
        for row in rows:
            marks = row.get("_marks")
            known = marks if isinstance(marks, Mapping) else {}
            cells = "".join(
                f"<td{kinds.get(key, '')}>{_cell(row.get(key))}"
                + (f"<sup>{known[key]}</sup>" if key in known else "")
                + "</td>"
                for key in headings
            )
            kind = f" class={row['_class']}" if "_class" in row else ""
            body += f"<tr{kind}>{cells}</tr>"
        self._parts.append(
            f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>"
        )

    def figure(self, kind: str, content: bytes, caption: str) -> None:
        """A picture with its caption, embedded.

        Args:
            kind: Media type.
            content: The file.
            caption: Shown below, and read to those who cannot see the picture.
        """
        data = base64.b64encode(content).decode()
        text = html.escape(caption)
        self._parts.append(
            f'<figure><div class="wide"><img alt="{text}" '
            f'src="data:{kind};base64,{data}"></div>'
            f"<figcaption>{text}</figcaption></figure>"
        )

    def folded(self, title: str, content: str) -> None:
        """Long plain text behind a line that opens it."""
        self._parts.append(
            f"<details><summary>{html.escape(title)}</summary>"
            f"<pre>{html.escape(content)}</pre></details>"
        )

    def render(self) -> str:
        """The page."""
        links = "".join(
            f'<a href="#{anchor}">{html.escape(text)}</a>'
            for anchor, text in self._sections
        )
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{html.escape(self.title)}</title>"
            f"<style>{_STYLE}</style></head><body>"
            f'<h1>{html.escape(self.title)}</h1><p class="lead">'
            f"{html.escape(self._lead)}</p><nav>{links}</nav>"
            f"{''.join(self._parts)}</body></html>\n"
        )


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        text, address = value
        return (
            f'<a rel="noopener" href="{html.escape(address)}">{html.escape(text)}</a>'
        )
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    if isinstance(value, float):
        # Judged after rounding, so that 0.09996 is not 0.1000.
        digits = 4 if abs(round(value, 4)) < 0.1 else 3
        return f"{value:.{digits}f}".replace("-", "−")
    return html.escape(str(value))
