"""Where sections put their figures, tables and complaints."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from mmext.errors import UserError
from mmext.fileio import atomic_path

from .html_page import HtmlPage
from .style import compressed, save_figure


class ReportWriter:
    """Puts each figure on the page and in a file, and each table in a CSV.

    Args:
        page: The page.
        out: The report's folder.
        prefix: What precedes headings, if there are several experiments.
        subfolder: Where this experiment's files go below ``out``.
    """

    def __init__(
        self, page: HtmlPage, out: Path, prefix: str = "", subfolder: str = ""
    ) -> None:
        self.page = page
        self.out = out / subfolder
        self.prefix = prefix
        self.notes: list[str] = []

    def heading(self, text: str) -> None:
        """Begin a section."""
        self.page.heading(f"{self.prefix}{text}")

    def figure(
        self, name: str, figure: Figure | None, caption: str, vector: bool = True
    ) -> None:
        """Add a figure; nothing if there is none.

        Args:
            name: Of its files, ``figures/NAME.png`` and ``.svg``.
            figure: The figure.
            caption: Below it.
            vector: Whether the page gets lines (SVG) or compressed pixels (WebP).
        """
        if figure is None:
            return
        files = save_figure(figure, self.out / "figures" / name)
        if vector:
            self.page.figure("image/svg+xml", files["svg"].read_bytes(), caption)
        else:
            self.page.figure("image/webp", compressed(files["png"]), caption)

    def csv(
        self,
        name: str,
        rows: Sequence[Mapping[str, object]],
        columns: Sequence[str],
    ) -> None:
        """Write rows as ``NAME.csv``; what is missing or not finite is empty."""
        # As objects: a whole number stays one in a column that has gaps.
        table = pd.DataFrame(rows, columns=list(columns), dtype=object)
        with atomic_path(self.out / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Name what a part of the report cannot find, and go on without it."""
        try:
            yield
        except UserError as error:
            self.notes.append(f"left out: {error}")
            self.page.warnings([self.notes[-1]])
