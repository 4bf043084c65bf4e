"""Reading a scene's bands, and which of its pixels are valid."""

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import rasterio
from pyproj.exceptions import ProjError
from rasterio._err import CPLE_BaseError  # which some attributes raise as it is
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError, RasterioIOError
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from mmext.errors import UserError, one_line
from mmext.fileio.remote import ask, opening, reads_siblings, refuse_unreachable
from mmext.location import Address, Location, gdal_name, locate

from .band_view import expanded_bands, open_view

DTYPES = ("uint8", "uint16", "float32")
#: The most pixels a scene's side may have: at 5 cm that is 800 km. What claims more
#: is damaged or an attack, and would be walked through for years.
MAX_SIDE = 1 << 24
#: The most bands: imaging spectrometers have hundreds.
MAX_BANDS = 1 << 12
#: A side of the windows, and how many along each axis, in which a mask is looked at.
_LOOK, _LOOKS = 256, 5

# Images without a place on the Earth are as good as others; where it matters, mmext
# says what it means. For good, since threads that read share the filters.
warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)

NodataRule = float | Literal["auto"] | None


@contextlib.contextmanager
def open_scene(path: Location) -> Iterator[DatasetReader]:
    """Open a raster for reading, as it is.

    Args:
        path: The raster, on this machine or elsewhere.

    Raises:
        UserError: There is none, it can't be read, its header says what no raster of
            this world has, or, within the block, a part of it turns out damaged.
    """
    path = locate(path)
    try:
        with opening(path):
            raster = rasterio.open(gdal_name(path))
    # The second of text in its header that is none.
    except (RasterioIOError, UnicodeDecodeError) as error:
        refuse_unreachable(path)
        raise UserError(f"{path}: can't be read as a raster ({error})") from None
    with raster:
        if max(raster.shape) > MAX_SIDE:
            raise UserError(
                f"{path}: says it has {raster.width} x {raster.height} pixels, "
                f"expected at most {MAX_SIDE} a side"
            )
        if raster.count > MAX_BANDS:
            raise UserError(
                f"{path}: says it has {raster.count} bands, expected at most "
                f"{MAX_BANDS}"
            )
        step = np.array(raster.transform[:6])
        if not np.isfinite(step).all() or raster.transform.determinant == 0:
            raise UserError(
                f"{path}: its transform, {step.tolist()}, can't be inverted"
            )
        try:
            yield raster
        except (RasterioIOError, CPLE_BaseError) as error:
            if str(error).startswith("Write failed"):
                raise
            refuse_unreachable(path)
            raise UserError(
                f"{path}: damaged, a part of it can't be read "
                f"({one_line(error.__cause__ or error)})"
            ) from None
        except ProjError as error:
            raise UserError(
                f"{path}: its coordinate system can't be brought together with another "
                f"({one_line(error)})"
            ) from None


@contextlib.contextmanager
def open_image(
    path: Location, indexes: Sequence[int] | None = None
) -> Iterator[DatasetReader]:
    """Open a raster as an image: a colour table is expanded to red, green and blue.

    Args:
        path: The raster.
        indexes: The bands that will be read of it, as far as they are known.

    Raises:
        UserError: As :func:`open_scene`, or the raster has a coordinate system and
            does not say where in it.
    """
    with contextlib.ExitStack() as stack:
        raster = stack.enter_context(open_scene(path))
        if raster.crs is not None and raster.transform.is_identity:
            raise UserError(
                f"{path}: has a coordinate system but no place in it (no transform); "
                "georeference it, or remove the coordinate system"
            )
        bands = expanded_bands(raster)
        if bands is not None:
            if indexes is not None and tuple(indexes) == (1,):
                raise UserError(
                    f"{path}: has a colour table, so its one band holds indices and no "
                    "intensities; as an image it has red, green and blue (1, 2, 3)"
                )
            raster = stack.enter_context(open_view(raster, bands))
        yield raster


class SceneReader:
    """The bands of a scene that a network reads, and where they are valid.

    A pixel is invalid where every band that is read is no-data, each by its own value;
    outside the file's mask (``.msk``, internal mask); where a band that is flagged
    alpha and not read is 0; and where a float is not finite. A band that is read never
    masks, whatever its flag.

    Args:
        raster: From :func:`open_image`.
        path: Its file, for messages.
        indexes: Bands to read, counted from 1; None means all that are not flagged
            alpha.
        nodata: ``'auto'`` believes the file; None says that every pixel is valid, a
            number which value is no-data in all bands, whatever the file says.

    Raises:
        UserError: The file has no such band, or one of another data type.
    """

    def __init__(
        self,
        raster: DatasetReader | WarpedVRT,
        path: Location,
        indexes: Sequence[int] | None = None,
        nodata: NodataRule = "auto",
    ) -> None:
        self.raster = raster
        self.path = path
        kinds = dict(zip(raster.indexes, raster.colorinterp, strict=True))
        flagged = [i for i, kind in kinds.items() if kind is ColorInterp.alpha]
        if indexes is None:
            indexes = [i for i in raster.indexes if i not in flagged]
        for index in indexes:
            if index not in kinds:
                raise UserError(
                    f"{path}: has {raster.count} bands, band {index} is asked for"
                )
        if not indexes:
            raise UserError(f"{path}: has no band but alpha, expected one to read")
        self.indexes = tuple(indexes)
        #: Bands that mask: flagged alpha and not read.
        self.alpha = tuple(i for i in flagged if i not in self.indexes)
        #: What the bands that are read show, as the file says.
        self.colours = tuple(kinds[index].name for index in self.indexes)
        if "palette" in self.colours:
            raise UserError(
                f"{path}: band {self.indexes[self.colours.index('palette')]} holds "
                "indices into a colour table; expand it with gdal_translate -expand rgb"
            )
        found = {raster.dtypes[index - 1] for index in self.indexes}
        if len(found) > 1 or not found <= set(DTYPES):
            raise UserError(
                f"{path}: data type {', '.join(sorted(found))}, expected one of "
                f"{', '.join(DTYPES)} for all bands"
            )
        self.dtype: str = found.pop()
        self.nodata = nodata
        if isinstance(nodata, float | int) and not self._can_hold(nodata):
            raise UserError(
                f"--nodata: is {nodata:g}, expected a value of {self.dtype}"
            )
        flags = [raster.mask_flag_enums[index - 1] for index in self.indexes]
        # An alpha band is looked at here, not by GDAL: it takes only the second of
        # two or the fourth of four for a mask, and that one even if it is read.
        self._by_band = [
            MaskFlags.all_valid not in flag and MaskFlags.alpha not in flag
            for flag in flags
        ]
        self._same_for_all = any(
            masked and MaskFlags.per_dataset in flag
            for masked, flag in zip(self._by_band, flags, strict=True)
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The bands' descriptions, ``band_N`` where there is none."""
        descriptions = self.raster.descriptions
        return tuple(descriptions[i - 1] or f"band_{i}" for i in self.indexes)

    @property
    def scales(self) -> list[list[float]]:
        """The bands' scale and offset tags, which are not applied."""
        tags = list(zip(self.raster.scales, self.raster.offsets, strict=True))
        return [list(tags[index - 1]) for index in self.indexes]

    @property
    def is_silent(self) -> bool:
        """Whether the file says nothing of invalid pixels."""
        return not self.alpha and not any(self._by_band)

    @property
    def is_valid_everywhere(self) -> bool:
        """Whether every pixel is known to be valid without a look."""
        if self.dtype == "float32":
            return False
        return self.is_silent if self.nodata == "auto" else self.nodata is None

    def read(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Pixels and validity of a window.

        Args:
            window: Inside the scene.

        Returns:
            (C, H, W) in the scene's dtype, as they are in the file; and (H, W) bool.

        Raises:
            UserError: The file is damaged there.
        """
        try:
            pixels = self.raster.read(self.indexes, window=window)
            valid = self._valid(pixels, window)
        except RasterioError as error:
            refuse_unreachable(self.path)
            row = int(window.row_off)
            raise UserError(
                f"{self.path}: rows {row}–{row + int(window.height)} can't be read "
                f"({error})"
            ) from None
        if pixels.dtype.kind == "f":
            valid &= np.isfinite(pixels).all(axis=0)
        return pixels, valid

    def _valid(self, pixels: np.ndarray, window: Window) -> np.ndarray:
        shape = pixels.shape[1:]
        if self.nodata is None:
            return np.ones(shape, bool)
        if self.nodata != "auto":
            return ~(pixels == self.nodata).all(axis=0)
        if self._same_for_all:
            valid = self.raster.read_masks(self.indexes[0], window=window) > 0
        elif all(self._by_band):
            masks = self.raster.read_masks(self.indexes, window=window)
            valid = (masks > 0).any(axis=0)
        else:
            valid = np.ones(shape, bool)
        for index in self.alpha:
            valid &= self.raster.read(index, window=window) > 0
        return valid

    def notes(self) -> list[str]:
        """What a user should know of how the file is read, a line each."""
        notes = []
        if self.nodata == "auto":
            notes += [self._alpha_note(index) for index in self.alpha]
            nodata = [self.raster.nodatavals[index - 1] for index in self.indexes]
            if len({str(value) for value in nodata}) > 1:
                shown = ", ".join(
                    "none" if value is None else f"{value:g}" for value in nodata
                )
                notes.append(
                    f"no-data differs by band ({shown}): a pixel is left out where "
                    "every band has its own"
                )
            impossible = {v for v in nodata if v is not None and not self._can_hold(v)}
            if impossible:
                notes.append(
                    f"the no-data value {min(impossible):g} can't occur in "
                    f"{self.dtype}, what it masks is a guess of GDAL's; --nodata "
                    "states another"
                )
        notes += self._beside_notes()
        if any(tags != [1.0, 0.0] for tags in self.scales):
            notes.append("scale and offset tags are not applied: raw values are taken")
        if self.raster.crs is None and self.raster.gcps[0]:
            notes.append(
                "georeferenced by ground control points alone, which are not used; "
                "gdalwarp brings it to a grid"
            )
        return notes

    def _beside_notes(self) -> list[str]:
        """What of a file on a server may lie beside it, where it isn't looked for."""
        path = locate(self.path)
        if not isinstance(path, Address) or path.path or reads_siblings():
            return []
        notes, how = [], "GDAL_DISABLE_READDIR_ON_OPEN=FALSE has it read"
        believes = self.nodata == "auto" and self.is_silent
        # What is signed is signed for one file.
        if believes and "?" not in path.gdal and ask(f"{path.gdal}.msk").headers:
            notes.append(
                f"a mask lies beside it, {path.name}.msk, and isn't read; {how}"
            )
        if self.raster.crs is None:
            notes.append(
                "has no coordinate system; a world file or .aux.xml beside it would "
                f"not be read; {how}"
            )
        return notes

    def _alpha_note(self, index: int) -> str:
        every = " ".join(
            str(i) for i in self.raster.indexes if i in self.indexes or i == index
        )
        note = (
            f"band {index} is flagged alpha: it is taken as the mask and not as data "
            f"(--bands {every} keeps it)"
        )
        values = self._some_values(index)
        if len(values) > 2:
            note += (
                f"; it takes {len(values)} values or more from {values[0]:g} to "
                f"{values[-1]:g}, so it looks like data, not like a mask"
            )
        return note

    def _some_values(self, index: int) -> np.ndarray:
        """What a band holds in some windows spread over the scene."""
        height, width = self.raster.shape
        found: set[float] = set()
        for row in np.unique(np.linspace(0, max(0, height - _LOOK), _LOOKS, dtype=int)):
            for column in np.unique(
                np.linspace(0, max(0, width - _LOOK), _LOOKS, dtype=int)
            ):
                window = Window(
                    column, row, min(_LOOK, width - column), min(_LOOK, height - row)
                )
                try:
                    found |= set(np.unique(self.raster.read(index, window=window)))
                except RasterioError as error:
                    refuse_unreachable(self.path)
                    raise UserError(
                        f"{self.path}: band {index} can't be read ({error})"
                    ) from None
        return np.array(sorted(found))

    def _can_hold(self, value: float) -> bool:
        if self.dtype == "float32":
            return True
        return float(value).is_integer() and 0 <= value <= np.iinfo(self.dtype).max


def refuse_other_colours(
    path: Location, found: Sequence[str], expected: Sequence[str], whose: str
) -> None:
    """Refuse bands that are known to show other colours than they should.

    Args:
        path: The scene.
        found: What its bands show, by GDAL's names.
        expected: What they should show.
        whose: Who says so, as in ``'the first scene has'``.

    Raises:
        UserError: Both know a band's colour and say different ones.
    """
    silent = {"gray", "undefined", "alpha"}
    for here, there in zip(found, expected, strict=False):
        if here != there and not {here, there} & silent:
            raise UserError(
                f"{path}: bands show {', '.join(found)}, {whose} {', '.join(expected)}"
            )
