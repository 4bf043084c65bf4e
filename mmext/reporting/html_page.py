"""One file that opens from disk."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mmext.fileio.templates import templates_of

from .numbers import rounded

Row = Mapping[str, object]


class Link(NamedTuple):
    """A table's cell that leads elsewhere.

    Attributes:
        text: What is read.
        address: Where it leads.
    """

    text: str
    address: str


class HtmlPage:
    """Collects headings, text, tables and pictures into one self-contained page.

    ``templates/page.html`` says what becomes of each part.

    Args:
        title: Title and first heading.
        lead: A line below it.
    """

    def __init__(self, title: str, lead: str) -> None:
        self._title = title
        self._lead = lead
        self._parts: list[dict[str, Any]] = []

    def heading(self, text: str) -> None:
        """A section's heading, listed at the top."""
        self._add("heading", text=text, anchor=f"s{len(self._parts)}")

    def subheading(self, text: str) -> None:
        """A heading inside a section."""
        self._add("subheading", text=text)

    def text(self, text: str, quiet: bool = False) -> None:
        """A paragraph; a quiet one is set back."""
        self._add("text", text=text, quiet=quiet)

    def warnings(self, lines: Sequence[str]) -> None:
        """A marked list; nothing if there are no lines."""
        if lines:
            self._add("warnings", lines=list(lines))

    def footnotes(self, lines: Sequence[str]) -> None:
        """Numbered notes, for the marks in a table's cells."""
        self._add("footnotes", lines=lines)

    def cards(self, cards: Sequence[tuple[str, str]]) -> None:
        """Figures to see first: a value and what it is."""
        self._add("cards", cards=cards)

    def table(
        self, rows: Sequence[Row], headings: Mapping[str, str], text: int = 1
    ) -> None:
        """A table that scrolls on a narrow screen.

        Args:
            rows: The cells by column: text, numbers, :class:`Link`. A row may also
                have ``_class``, its CSS class, and ``_marks``, footnote numbers by
                column.
            headings: Heading by column, in order.
            text: How many columns from the left hold text.
        """
        self._add("table", rows=rows, headings=headings, text=text)

    def figure(self, media: str, content: bytes, caption: str) -> None:
        """A picture with its caption, embedded.

        Args:
            media: Media type.
            content: The file.
            caption: Shown below, and read to those who cannot see the picture.
        """
        data = base64.b64encode(content).decode()
        self._add("figure", media=media, data=data, caption=caption)

    def folded(self, title: str, content: str) -> None:
        """Long plain text behind a line that opens it."""
        self._add("folded", title=title, content=content)

    def render(self) -> str:
        """The page."""
        return _TEMPLATES.get_template("page.html").render(
            title=self._title, lead=self._lead, parts=self._parts
        )

    def _add(self, kind: str, **content: object) -> None:
        self._parts.append({"kind": kind, **content})


def _shown(value: object) -> str:
    """A cell's text; a dash for what is not known."""
    if value is None:
        return "–"
    return rounded(value) if isinstance(value, float) else str(value)


_TEMPLATES = templates_of("mmext.reporting")
_TEMPLATES.filters["shown"] = _shown
_TEMPLATES.tests["link"] = lambda cell: isinstance(cell, Link)
