"""What an annotator gets: a styled GeoPackage, thumbnails and a contact sheet."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import shapely
from PIL import Image, ImageDraw
from rasterio.windows import Window
from scipy import ndimage
from tqdm import tqdm

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.fileio.templates import templates_of
from mmext.pixel_values import IGNORE
from mmext.raster.display import LABEL_COLOUR, Display
from mmext.raster.qgis_style import categorised_outlines, embed_style
from mmext.raster.scene_grid import SceneGrid

from .applying import LEAST_SEEN
from .finding import MISSING, SHIFTED, WRONG
from .label_file import LabelFile
from .verdicts import FINGERPRINT, LAYER, VERDICTS

#: RGB of a candidate's outline by its kind.
COLOURS = {MISSING: (31, 90, 200), WRONG: (226, 26, 28), SHIFTED: (255, 150, 0)}

#: Side of a thumbnail's panels, least side of what they show, and their distance.
_PANEL, _LEAST_SIDE, _GAP = 192, 48, 4
#: Columns that only the thumbnails need.
_PLACE = ["row", "column", "side"]
#: In QGIS, where the review lies: the layer's path is FILE.gpkg|layername=…, and
#: file_path drops what follows the last slash.
_FOLDER = "file_path(layer_property(@layer, 'path'))"
_TEMPLATES = templates_of("mmext.mapping.label_review")

_Candidate = tuple[str, shapely.Geometry]


@dataclass(frozen=True)
class _Place:
    """A square of the scene around a candidate, in pixels."""

    row: int
    column: int
    side: int

    def window(self, grid: SceneGrid) -> Window:
        """What of it lies inside the scene."""
        top, left = self.row - self.side // 2, self.column - self.side // 2
        first_row, first_column = max(0, top), max(0, left)
        return Window(
            first_column,
            first_row,
            min(grid.width, left + self.side) - first_column,
            min(grid.height, top + self.side) - first_row,
        )


def check_review_path(path: Path) -> None:
    """Refuse to replace a review, in which verdicts may be.

    Raises:
        UserError: The path is no GeoPackage's, or something is there.
    """
    if path.suffix.lower() != ".gpkg":
        raise UserError(f"{path}: expected a GeoPackage, a name that ends in .gpkg")
    for there in (path, path.with_suffix(".html"), _thumbnail_folder(path)):
        if there.exists():
            raise UserError(f"{there}: exists, expected a new name")


def _thumbnail_folder(path: Path) -> Path:
    return path.with_name(f"{path.stem}_thumbnails")


def write_review(
    table: geopandas.GeoDataFrame,
    store: TileStore,
    path: Path,
    labels: LabelFile | None = None,
) -> None:
    """Write ``REVIEW.gpkg``, ``REVIEW_thumbnails/RANK.png`` and ``REVIEW.html``.

    A thumbnail shows a candidate's place, and again with the labels in yellow and the
    candidate in the colour of its kind. The layer's column ``thumbnail`` is relative to
    the GeoPackage; QGIS shows it in the form and in map tips.

    Args:
        table: From :func:`review`.
        store: Where image and labels come from.
        path: The GeoPackage.
        labels: What :func:`review` was given.
    """
    folder = _thumbnail_folder(path)
    names = [f"{folder.name}/{rank:04d}.png" for rank in table["rank"]]
    shown = table.drop(columns=_PLACE)
    shown["thumbnail"] = names
    display = Display(store)
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        for scene, rows in table.groupby("scene"):
            grid = SceneGrid(store, str(scene))
            for row in tqdm(rows.itertuples(), total=len(rows), desc="Thumbnails"):
                place = _Place(row.row, row.column, max(_LEAST_SIDE, 2 * row.side))
                picture = _thumbnail(
                    store, display, grid, place, (row.kind, row.geometry)
                )
                # Packed harder, they would take longer than all the rest together.
                picture.save(temporary / f"{row.rank:04d}.png", compress_level=1)
    try:
        with atomic_path(path.with_suffix(".html")) as page:
            page.write_text(_contact_sheet(shown, path.stem))
        with atomic_path(path) as temporary:
            pyogrio.write_dataframe(
                shown,
                temporary,
                layer=LAYER,
                driver="GPKG",
                geometry_type="Unknown",
                layer_metadata={FINGERPRINT: labels.fingerprint} if labels else None,
            )
            embed_style(temporary, LAYER, _style())
    except BaseException:
        shutil.rmtree(folder)
        raise


def _thumbnail(
    store: TileStore,
    display: Display,
    grid: SceneGrid,
    place: _Place,
    candidate: _Candidate,
) -> Image.Image:
    """Two panels: the image, and the image with label and candidate."""
    window = place.window(grid)
    layers = grid.place(
        window,
        (
            (tile, {"image": store.images[tile], "labels": store.masks[tile]})
            for tile in grid.tiles_in(window)
        ),
        {
            "image": ((store.images.dtype, store.images.shape[-1:]), 0),
            "labels": (np.uint8, IGNORE),
        },
    )
    scale = _PANEL / place.side
    size = (round(scale * window.width), round(scale * window.height))
    pixels = Image.fromarray(display.as_bytes(layers["image"]))
    plain = pixels.resize(size, Image.Resampling.BICUBIC)
    marked = plain.copy()
    draw = ImageDraw.Draw(marked)
    draw.point(_edge(layers["labels"] == 1, size), LABEL_COLOUR)
    kind, geometry = candidate
    to_pixels, corner = ~grid.transform, (window.col_off, window.row_off)

    def to_panel(xy: np.ndarray) -> np.ndarray:
        return (np.stack(to_pixels * (xy[:, 0], xy[:, 1]), axis=1) - corner) * scale

    for part in shapely.get_parts(shapely.transform(geometry, to_panel)):
        for ring in shapely.get_rings(part):
            draw.line([tuple(xy) for xy in ring.coords], COLOURS[kind], width=2)
    picture = Image.new("RGB", (2 * _PANEL + _GAP, _PANEL), (255, 255, 255))
    picture.paste(plain, (0, 0))
    picture.paste(marked, (_PANEL + _GAP, 0))
    return picture


def _edge(mask: np.ndarray, size: tuple[int, int]) -> list[tuple[int, int]]:
    """(x, y) of a mask's edge on a finer grid, so that it stays a thin line."""
    inside = np.asarray(Image.fromarray(mask.astype(np.uint8) * 255).resize(size)) > 127
    rows, columns = np.nonzero(inside & ~ndimage.binary_erosion(inside, border_value=1))
    return list(zip(columns.tolist(), rows.tolist(), strict=True))


def _style() -> str:
    """Outlines by kind, a list for the verdict, the thumbnail in form and map tip."""
    form = _TEMPLATES.get_template("form.qml").render(verdicts=VERDICTS, folder=_FOLDER)
    style = categorised_outlines("kind", COLOURS).replace("</qgis>", f"{form}</qgis>")
    return style.replace(
        'styleCategories="Symbology"',
        'styleCategories="Symbology|Fields|Forms|MapTips"',
    )


def _contact_sheet(table: geopandas.GeoDataFrame, title: str) -> str:
    return _TEMPLATES.get_template("contact_sheet.html").render(
        title=title,
        candidates=list(table.itertuples()),
        colours=COLOURS,
        least_seen=LEAST_SEEN,
    )
