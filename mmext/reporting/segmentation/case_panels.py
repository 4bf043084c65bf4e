"""A figure with one panel per case."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure


def case_panels(names: Sequence[str], height: float = 2.7) -> tuple[Figure, list[Axes]]:
    """Panels in the paper's arrangement, two in a row, with shared axes.

    Args:
        names: The panels' titles.
        height: Of a panel, in inches.
    """
    number = max(1, len(names))
    columns = min(2, number)
    rows = -(-number // columns)
    width = 8.4 if columns == 1 else 4.6 * columns
    figure = Figure(figsize=(width, height * rows + 0.4), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    panels = grid.ravel().tolist()
    for spare in panels[number:]:
        spare.set_visible(False)
    for letter, axes, name in zip("abcdefgh", panels, names, strict=False):
        axes.set_title(name if number == 1 else f"({letter}) {name}")
    for axes in panels[:number]:
        # A panel above an empty place has no neighbour to show its numbers.
        axes.tick_params(labelbottom=True, labelleft=True)
    return figure, panels[:number]


def label_panels(
    figure: Figure, panels: Sequence[Axes], x: str, y: str, legend_columns: int = 5
) -> None:
    """Name the axes once, and put the first panel's legend above all.

    Args:
        figure: The figure.
        panels: Its panels.
        x: Label of the horizontal axis.
        y: Label of the vertical axis.
        legend_columns: Entries in a row.
    """
    figure.supxlabel(x, fontsize=9)
    figure.supylabel(y, fontsize=9)
    handles, labels = panels[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside upper center", ncols=legend_columns)
