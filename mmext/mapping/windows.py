"""Cutting a scene into windows whose predictions fit together without seams."""

from collections.abc import Iterator
from dataclasses import dataclass

from rasterio.windows import Window

from mmext.errors import UserError


@dataclass(frozen=True)
class PredictionWindow:
    """A part of the scene that is kept, and the larger one that is read for it.

    Attributes:
        core: Kept pixels.
        read: Pixels given to the network, the core with its surroundings.
    """

    core: Window
    read: Window

    @property
    def crop(self) -> tuple[slice, slice]:
        """Where the core lies in what was read: rows and columns."""
        row = self.core.row_off - self.read.row_off
        column = self.core.col_off - self.read.col_off
        return (
            slice(row, row + self.core.height),
            slice(column, column + self.core.width),
        )


def window_rows(
    height: int, width: int, window: int, margin: int, multiple: int
) -> Iterator[list[PredictionWindow]]:
    """Windows of a scene, row by row.

    Every kept pixel is read with ``margin`` pixels around it, except beyond the
    scene's edge. With a margin of the network's reach, half its receptive field,
    and windows that start on its pooling grid, a kept pixel sees exactly what it
    would see in one pass over the whole scene: no blending is needed, and the
    window size changes nothing.

    Args:
        height: Rows of the scene.
        width: Columns of the scene.
        window: Largest side of what is read.
        margin: Pixels read around the core.
        multiple: Side of the network's pooling grid.

    Yields:
        The windows of one row of cores, from left to right.

    Raises:
        UserError: The window leaves nothing between its margins.
    """
    step = window_step(window, margin, multiple)
    margin = -(-margin // multiple) * multiple
    for row in range(0, height, step):
        yield [
            _window(row, column, height, width, step, margin)
            for column in range(0, width, step)
        ]


def window_step(window: int, margin: int, multiple: int) -> int:
    """Side of a core, on the network's grid.

    Args:
        window: Largest side of what is read.
        margin: Pixels read around the core.
        multiple: Side of the network's pooling grid.

    Raises:
        UserError: The window leaves nothing between its margins.
    """
    margin = -(-margin // multiple) * multiple
    step = (window - 2 * margin) // multiple * multiple
    if step < multiple:
        raise UserError(
            f"--window: is {window}, expected at least {2 * margin + multiple}: "
            f"{margin} pixels are read around what is kept"
        )
    return step


def _window(
    row: int, column: int, height: int, width: int, step: int, margin: int
) -> PredictionWindow:
    core_height, core_width = min(step, height - row), min(step, width - column)
    top, left = max(0, row - margin), max(0, column - margin)
    bottom = min(height, row + core_height + margin)
    right = min(width, column + core_width + margin)
    return PredictionWindow(
        core=Window(column, row, core_width, core_height),
        read=Window(left, top, right - left, bottom - top),
    )
