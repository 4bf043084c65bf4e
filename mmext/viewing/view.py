"""What a page is told of a map, and what it may change."""

import functools
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import geopandas
import shapely

from mmext.errors import UserError
from mmext.inference.class_codes import COLOURS, GROWN, NAMES
from mmext.mapping.label_review.review_files import COLOURS as KIND_COLOURS
from mmext.mapping.label_review.verdicts import VERDICTS
from mmext.mapping.polygon_file import LAYER as OBJECTS
from mmext.raster.scene_reader import open_image, open_scene

from .display_copy import MOST_PIXELS, write_display_copy
from .features import MOST_FEATURES, Bounds, as_geojson, on_sheet, read_features
from .raster_view import (
    ImageView,
    Place,
    image_view,
    nodata_values,
    read_place,
    why_not_as_it_is,
)
from .review_file import ReviewFile, as_records
from .sheets import Sheet


class _Image(NamedTuple):
    path: Path
    view: ImageView
    notes: tuple[str, ...]


class MapView:
    """A folder's sheets, and a review of their labels.

    What a sheet needs is read when it is first looked at.

    Args:
        sheets: What to show.
        review: The review, None where there is none.
        folder: For copies of imagery that a page can't read.
    """

    def __init__(
        self, sheets: Sequence[Sheet], review: Path | None, folder: Path
    ) -> None:
        self.sheets = sheets
        self.review = ReviewFile(review) if review else None
        self._folder = folder
        self._numbers = {sheet.name: number for number, sheet in enumerate(sheets)}
        # Two requests would write one copy.
        self._copying = threading.Lock()
        self.place = functools.cache(self._place)
        self._image = functools.cache(self._open_image)

    def about(self) -> dict[str, Any]:
        """What holds for all sheets: names, colours, verdicts."""
        names = {**NAMES, GROWN: "grown"}
        return {
            "sheets": [sheet.name for sheet in self.sheets],
            "classes": [
                {"code": code, "name": name, "colour": COLOURS[code][:3]}
                for code, name in names.items()
            ],
            "kinds": KIND_COLOURS,
            "verdicts": VERDICTS,
            "review": self.review.path.name if self.review else None,
            "most_features": MOST_FEATURES,
        }

    def sheet(self, number: int) -> dict[str, Any]:
        """Where a sheet lies, its rasters and what is missing of it.

        Raises:
            UserError: There is no such sheet, or it can't be shown.
        """
        sheet, place = self._sheet(number), self.place(number)
        notes, shown = list(sheet.notes), dict[str, Any]()
        if sheet.image:
            try:
                image = self._locked_image(number)
                version = version_of(image.path)
                shown["image"] = dict(version=version, **asdict(image.view))
                notes += image.notes
            except UserError as error:
                notes.append(f"no imagery: {error}")
        if sheet.probability:
            shown["probability"] = _map_raster(sheet.probability)
        if sheet.classes:
            shown["classes"] = _map_raster(sheet.classes)
        return {
            "name": sheet.name,
            "bounds": place.bounds,
            "pixel": place.pixel,
            "metres_per_unit": place.metres_per_unit,
            "objects": sheet.objects is not None,
            "notes": notes,
            **shown,
        }

    def raster(self, number: int, part: str) -> Path:
        """The file of a sheet's raster.

        Args:
            number: The sheet.
            part: ``image``, ``probability`` or ``classes``.

        Raises:
            UserError: There is none.
        """
        sheet = self._sheet(number)
        if part == "image" and sheet.image:
            return self._locked_image(number).path
        path = {"probability": sheet.probability, "classes": sheet.classes}.get(part)
        if path is None:
            raise UserError(f"{sheet.name}: has no {part}")
        return path

    def objects(self, number: int, bounds: Bounds) -> str | None:
        """A sheet's objects in a part of it, as GeoJSON; None if there are too many.

        Raises:
            UserError: There are none, or they can't be read.
        """
        sheet = self._sheet(number)
        if sheet.objects is None:
            raise UserError(f"{sheet.name}: has no objects")
        place = self.place(number)
        return _geojson(read_features(sheet.objects, OBJECTS, place, bounds))

    def candidate_outlines(self, number: int, bounds: Bounds) -> str | None:
        """Candidates in a part of a sheet, as GeoJSON; None if there are too many.

        Raises:
            UserError: There is no review, or it can't be read.
        """
        return _geojson(self._review().outlines(self.place(number), bounds))

    def candidates(self) -> list[dict[str, Any]]:
        """All candidates, the best first, each with its sheet and bounds on it.

        Both are None where no sheet shows it.

        Raises:
            UserError: There is no review, or it can't be read.
        """
        table = self._review().read()
        records = as_records(table)
        for record in records:
            record.update(sheet=None, bounds=None)
        left = dict(enumerate(records))
        for number in self._likely_sheets(records):
            if not left:
                break
            try:
                place = self.place(number)
            except UserError:
                continue  # the page says why when it is chosen
            rows = [*left]
            shapes = on_sheet(table.iloc[rows], place).geometry.to_numpy()
            inside = shapely.intersects(shapes, shapely.box(*place.bounds))
            named = [
                left[row].get("scene") in (None, self.sheets[number].name)
                or left[row].get("scene") not in self._numbers
                for row in rows
            ]
            for row, shape, here in zip(rows, shapes, inside & named, strict=True):
                if here:
                    left.pop(row).update(sheet=number, bounds=shape.bounds)
        return records

    def save_verdict(
        self, number: int, kind: str, rank: int | None, verdict: str
    ) -> None:
        """Write a candidate's verdict into the review.

        Raises:
            UserError: There is no such candidate, or it can't be written.
        """
        self._review().save(number, kind, rank, verdict)

    def _sheet(self, number: int) -> Sheet:
        if not 0 <= number < len(self.sheets):
            raise UserError(f"sheet {number}: expected 0 to {len(self.sheets) - 1}")
        return self.sheets[number]

    def _review(self) -> ReviewFile:
        if self.review is None:
            raise UserError("there is no label review, expected --review")
        return self.review

    def _place(self, number: int) -> Place:
        return read_place(self._sheet(number).grid)

    def _likely_sheets(self, records: Sequence[dict[str, Any]]) -> list[int]:
        """Those that candidates name; all, if some name none that is here."""
        scenes = {record.get("scene") for record in records}
        if scenes - self._numbers.keys():
            return [*range(len(self.sheets))]
        return sorted(self._numbers[str(scene)] for scene in scenes)

    def _locked_image(self, number: int) -> _Image:
        with self._copying:
            return self._image(number)

    def _open_image(self, number: int) -> _Image:
        path = self._sheet(number).image
        assert path
        with open_scene(path) as raster:
            reason = why_not_as_it_is(raster)
            if reason is None:
                return _Image(path, image_view(raster), ())
        copy = self._folder / f"{number}.tif"
        with open_image(path) as raster:
            factor = write_display_copy(raster, copy)
        note = f"imagery: a copy is shown, since {reason}"
        if factor > 1:
            note += (
                f", made {factor:.1f} times coarser to fit {MOST_PIXELS} pixels; "
                "gdal_translate -of COG makes a file that is shown as it is"
            )
        print(f"{path}: {note}", flush=True)
        with open_scene(copy) as raster:
            return _Image(copy, image_view(raster), (note,))


def version_of(path: Path) -> str:
    """Text that changes when a file does, so that no page mixes two of its states."""
    state = path.stat()
    return f"{state.st_mtime_ns:x}-{state.st_size:x}"


def _map_raster(path: Path) -> dict[str, Any]:
    with open_scene(path) as raster:
        return dict(
            version=version_of(path),
            channels=[
                name or f"band {band}"
                for band, name in enumerate(raster.descriptions, start=1)
            ],
            scale=raster.scales[0],
            nodata=nodata_values(raster),
        )


def _geojson(table: geopandas.GeoDataFrame | None) -> str | None:
    return None if table is None else as_geojson(table)
