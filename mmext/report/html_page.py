"""One file that opens from disk."""

import base64
import html
import math
from collections.abc import Mapping, Sequence

_STYLE = """
:root { color-scheme: light; --ink: #1d2329; --faint: #66707a; --line: #d9dee3; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.2rem; color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; background: #fff; }
h1 { font-size: 1.7rem; line-height: 1.2; } h2 { margin-top: 2.4rem;
  border-top: 1px solid var(--line); padding-top: 1.2rem; font-size: 1.25rem; }
figure { margin: 1.2rem 0; } figure img { width: 100%; height: auto; }
figcaption, .note { color: var(--faint); font-size: .9rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .86rem;
  font-variant-numeric: tabular-nums; } th, td { padding: .3rem .6rem;
  border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } th { font-weight: 600; }
tr.paper td { color: var(--faint); font-style: italic; }
ul.warn { background: #fff6e0; border-left: 4px solid #e0a100; padding: .6rem 2rem; }
@media print { body { max-width: none; font-size: 11px; } h2, figure, table {
  break-inside: avoid; } .scroll { overflow: visible; } }
"""


class HtmlPage:
    """Collects headings, text, tables and pictures into one self-contained page.

    Args:
        title: Title and first heading.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self._parts: list[str] = [f"<h1>{html.escape(title)}</h1>"]

    def heading(self, text: str) -> None:
        """A section's heading."""
        self._parts.append(f"<h2>{html.escape(text)}</h2>")

    def text(self, text: str) -> None:
        """A paragraph."""
        self._parts.append(f"<p>{html.escape(text)}</p>")

    def warnings(self, lines: Sequence[str]) -> None:
        """A marked list; nothing if there are no lines."""
        if lines:
            items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
            self._parts.append(f'<ul class="warn">{items}</ul>')

    def table(
        self,
        rows: Sequence[Mapping[str, object]],
        headings: Mapping[str, str],
        faint: str | None = None,
    ) -> None:
        """A table that scrolls on a narrow screen.

        Args:
            rows: The cells by column.
            headings: Heading by column, in order.
            faint: Rows whose ``source`` is this are set back.
        """
        head = "".join(f"<th>{html.escape(text)}</th>" for text in headings.values())
        body = ""
        for row in rows:
            cells = "".join(f"<td>{_cell(row.get(key))}</td>" for key in headings)
            quiet = faint is not None and row.get("source") == faint
            body += f"<tr{' class=paper' if quiet else ''}>{cells}</tr>"
        self._parts.append(
            f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>"
        )

    def figure(self, png: bytes, caption: str) -> None:
        """A picture with its caption, embedded."""
        data = base64.b64encode(png).decode()
        text = html.escape(caption)
        self._parts.append(
            f'<figure><img alt="{text}" src="data:image/png;base64,{data}">'
            f"<figcaption>{text}</figcaption></figure>"
        )

    def render(self) -> str:
        """The page."""
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{html.escape(self.title)}</title><style>{_STYLE}</style></head>"
            f"<body>{''.join(self._parts)}</body></html>\n"
        )


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) < 0.1 else f"{value:.3f}"
    return html.escape(str(value))
