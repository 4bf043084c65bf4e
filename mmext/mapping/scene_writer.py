"""What becomes of predicted windows: rasters, and polygons read off them."""

import math
from pathlib import Path

import numpy as np
import torch
from rasterio.windows import Window, subdivide

from mmext.inference.class_codes import COLOURS, NODATA, class_codes
from mmext.inference.prediction_settings import PredictionSettings
from mmext.inference.predictor import Predictor
from mmext.models.decoders.union_decoder import UnionDecoder
from mmext.pixel_values import PROBABILITY_STEPS
from mmext.raster.grid import outline_transform
from mmext.raster.strip_polygons import StripObject, StripPolygonizer
from mmext.raster.strip_raster import StripRaster

from .late_decision import LateDecision
from .object_table import STATISTICS, UNSUPPORTED, LeftOut, object_layers, object_table
from .polygon_file import PolygonFile
from .scene_source import SceneSource
from .windows import PredictionWindow

#: Finished objects that are held before they go to disk.
_CHUNK = 2000
#: Pixels that are made into polygons at once.
_STRIP_PIXELS = 2_000_000


class SceneWriter:
    """Takes windows in reading order and hands them on to files and polygons.

    Windows go straight into the rasters; polygons are read off the finished rows, some
    at a time; where the decoder looks beyond single pixels, when all rows are there and
    the raster of classes is that of the whole decision. So memory grows neither with a
    scene's height nor with its width.

    Args:
        predictor: Decides, and names channels and model.
        source: The scene.
        name: Its name.
        folder: Where the unfinished files lie.
        polygons: The file that the objects go to.
        settings: How.
    """

    def __init__(
        self,
        predictor: Predictor,
        source: SceneSource,
        name: str,
        folder: Path,
        polygons: PolygonFile,
        settings: PredictionSettings,
    ) -> None:
        self.predictor = predictor
        self.name = name
        self.settings = settings
        raster = source.raster
        self.transform, self.crs = raster.transform, raster.crs
        self.width, self.height = raster.width, raster.height
        as_float = settings.float_probabilities
        self.steps = 1 if as_float else PROBABILITY_STEPS
        self.probabilities = StripRaster(
            folder / f"{name}_probability.strips.tif",
            raster,
            predictor.channels,
            "float32" if as_float else "uint8",
            nodata=-1 if as_float else NODATA,
            scale=1 / self.steps,
        )
        self.classes = StripRaster(
            folder / f"{name}_class.strips.tif",
            raster,
            ["class: 1 target, 2 error, 3 both, 4 grown"],
            "uint8",
            nodata=NODATA,
            colours=COLOURS,
        )
        self.polygons = polygons
        self.polygonizer = StripPolygonizer(outline_transform(raster), STATISTICS)
        self.objects: list[StripObject] = []
        self.left_out = LeftOut()
        self._above = np.full(self.width, NODATA, np.uint8)
        self._late: LateDecision | None = None
        if not predictor.decoder.pixelwise:
            self._late = LateDecision(
                predictor.decoder, self.classes, settings.spare_cut
            )

    def add(
        self, window: PredictionWindow, probabilities: torch.Tensor, valid: np.ndarray
    ) -> None:
        """Write what is kept of a window.

        Args:
            window: The window.
            probabilities: (K, h, w) float32 of all that was read for it.
            valid: (h, w) bool, likewise.
        """
        rows, columns = window.crop
        kept, valid = probabilities[:, rows, columns], valid[rows, columns]
        decision = self.predictor.decide(kept[None])
        codes = class_codes(
            decision["mask"][0].numpy(),
            {name: mask[0].numpy() for name, mask in decision["channels"].items()},
            valid,
        )
        if self.settings.float_probabilities:
            stored = kept.numpy()
        else:
            stored = in_steps(kept, self.predictor.decoder).numpy()
        if not valid.all():
            nodata = stored.dtype.type(self.probabilities.raster.nodata)
            stored = np.where(valid, stored, nodata)
        self.probabilities.write(stored, window.core)
        self.classes.write(codes[None], window.core)

    def end_strip(self, first_row: int, rows: int) -> None:
        """Make polygons of rows that are complete, if they are decided."""
        step = max(1, _STRIP_PIXELS // self.width)
        whole = Window(0, first_row, self.width, rows)
        for strip in subdivide(whole, step, self.width):
            if self._late is None:
                self._polygonize(strip)
            else:
                self._late.add(strip, *self._layers(strip))

    def finish_polygons(self) -> None:
        """Decide what the last row was needed for; write the rest of the objects."""
        if self._late is not None:
            self.left_out[UNSUPPORTED] += self._late.finish()
            self._above = np.full(self.width, NODATA, np.uint8)
            for strip in self._late.strips:
                self._polygonize(strip)
        self.objects += self.polygonizer.finish()
        self._flush()

    def close(self) -> None:
        """Keep nothing that is not whole."""
        self.probabilities.close()
        self.classes.close()

    def _layers(self, strip: Window) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """What is decided of a strip, see :func:`object_layers`; strips in order."""
        # Divided: 225 steps are 0.9 then, and not a bit more.
        highest = self.probabilities.read(strip).max(axis=0) / self.steps
        codes = self.classes.read(strip)[0]
        last = strip.row_off + strip.height == self.height
        layers = object_layers(codes, highest, self._above, last)
        self._above = codes[-1]
        return layers

    def _polygonize(self, strip: Window) -> None:
        self.objects += self.polygonizer.add(*self._layers(strip))
        if len(self.objects) >= _CHUNK:
            self._flush()

    def _flush(self) -> None:
        table, left_out = object_table(
            self.objects,
            self.crs,
            self.settings,
            pixel=abs(self.transform.a),
            scene=self.name,
            model=f"{self.predictor.path.name} {self.predictor.sha256[:12]}",
            correctness=self.predictor.correctness,
        )
        self.left_out += left_out
        self.polygons.add(table)
        self.objects = []


def in_steps(probabilities: torch.Tensor, decoder: UnionDecoder) -> torch.Tensor:
    """Probabilities as bytes, rounded, but never across the decoder's ``confident``.

    So that what a component is judged by is on the same side of it as in the network's
    own numbers; there a stored value may be off by one step, else by half of one.

    Args:
        probabilities: Of any shape, in [0, 1].
        decoder: What decides.

    Returns:
        uint8 in 0 … :data:`PROBABILITY_STEPS`.
    """
    steps = (probabilities * PROBABILITY_STEPS).round_()
    if decoder.by_components:
        # The last step that is not above it.
        last = math.floor(round(decoder.confident * PROBABILITY_STEPS, 6))
        above = probabilities > decoder.confident
        steps = torch.where(above, steps.clamp(min=last + 1), steps.clamp(max=last))
    return steps.to(torch.uint8)
