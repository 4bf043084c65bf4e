"""One ONNX file that QGIS's plugin Deepness and GeoDeep read as well."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mmext.errors import UserError
from mmext.inference.checkpoint import LoadedModel
from mmext.inference.predictor import Predictor
from mmext.models import UnionDecoder
from mmext.models.decoders.score import decision_score

from .export import describe, grid_of, reach_of, set_metadata, write_checked
from .graph import export_graph, refuse_without_packages
from .onnx_file import METADATA, TiledForm

#: Side of a tile in pixels.
SIDE = 512
#: What the readers' documentation exports with; ONNX Runtime 1.10 opens it.
_OPSET, _IR_VERSION = 15, 8
#: More of a tile's side than this, in percent, is not spent on its surroundings; and
#: this is, if nobody knows how far the network looks.
_MOST_OVERLAP, _USUAL_OVERLAP = 75, 50
_COLOURS = ["red", "green", "blue"]
_SILENT = {"gray", "undefined"}
#: What is decided of the score alone.
_BY_SCORE = UnionDecoder("target")


class _TwoClasses(nn.Module):
    """Background and target, of which the higher one is the decision."""

    def __init__(self, model: nn.Module, decoder: UnionDecoder) -> None:
        super().__init__()
        self.model, self.decoder = model, decoder

    def forward(self, image: Tensor) -> Tensor:
        found = self.model.probabilities(image * 255)
        score = decision_score(found, self.model.channels, self.decoder)
        return torch.stack([1 - score, score], dim=1)


def export_for_qgis(loaded: LoadedModel, path: Path) -> tuple[float, dict[str, str]]:
    """Export a model to a file that is read by plugins and by ``mmext predict``.

    The input is declared as ``image`` (1, 3, 512, 512) float32 in 0–1, the output as
    ``probability`` (1, 2, 512, 512): 1 − s and s, where s is above one half exactly
    where the model's decoder decides by that pixel alone.

    Args:
        loaded: The model.
        path: The ``.onnx`` file.

    Returns:
        The largest difference from torch on a tile, and what was written for the
        plugins: JSON texts by key of the metadata.

    Raises:
        UserError: The packages are missing, the model's input isn't what the plugins
            feed, or the graph can't be written for older readers.
    """
    refuse_without_packages()
    _refuse_other_input(loaded)
    resolution = resolution_of(loaded)
    multiple, decoder = grid_of(loaded), loaded.model.union_decoder
    if SIDE % multiple:
        raise UserError(
            f"{loaded.path}: pools by {multiple} pixels, which does not divide the "
            f"{SIDE} of a tile"
        )
    network = _TwoClasses(loaded.model, decoder.by_pixels).eval()
    proto = _for_old_readers(export_graph(network, 3, multiple), path)
    overlap = tiles_overlap(reach_of(loaded), multiple)
    values: dict[str, Any] = {
        "model_type": "Segmentor",
        "class_names": {"0": "background", "1": "target"},
        "resolution": resolution,
        # One is documented, the other one read.
        "tiles_size": SIDE,
        "tile_size": SIDE,
        "tiles_overlap": overlap,
        "seg_thresh": 0.5,
        "seg_small_segment": 0,
        "standardization_mean": [0.0, 0.0, 0.0],
        "standardization_std": [1.0, 1.0, 1.0],
    }
    texts = {key: json.dumps(value) for key, value in values.items()}
    form = TiledForm(SIDE, left_out(decoder))
    description = describe(
        loaded,
        channels=["target"],
        decoder=_BY_SCORE.settings,
        tiled=asdict(form),
        # Fitted to the channels' probabilities: the score is another number.
        correctness=None,
    )
    set_metadata(proto, {METADATA: description, **texts})
    proto.doc_string = form.left_out
    tile = torch.randint(0, 256, (1, 3, SIDE, SIDE)) / 255
    return write_checked(proto, network, [tile], path), texts


def decided_by_pixel(predictor: Predictor) -> Predictor:
    """A network as such a file has it: one channel, the score of its decision.

    Args:
        predictor: The network as it was trained.
    """

    def score(image: Tensor) -> Tensor:
        found = predictor.probabilities(image)
        decoder = predictor.decoder.by_pixels
        return decision_score(found, predictor.channels, decoder)[:, None]

    return replace(
        predictor,
        probabilities=score,
        channels=("target",),
        decoder=_BY_SCORE,
        correctness=None,
    )


def left_out(decoder: UnionDecoder) -> str:
    """What a decoder decides by beside single pixels, as a sentence; or nothing."""
    parts = [f"mode {decoder.mode}"] if decoder.by_components else []
    if decoder.grow:
        parts.append(f"growth by {decoder.grow} px")
    if not parts:
        return ""
    rest = decoder.by_pixels
    levels = rest.threshold
    if isinstance(levels, dict):
        above = ", ".join(f"{name} > {level:g}" for name, level in levels.items())
    else:
        above = f"> {levels:g}"
    return (
        f"{' and '.join(parts)} can't be said pixel by pixel: this file decides by "
        f"mode {rest.mode} ({above}) alone"
    )


def tiles_overlap(reach: int | None, multiple: int) -> int:
    """How much of a tile's side tiles share, so that what is kept is exact.

    Readers keep of each tile all but half of the overlap. That half must hold the
    network's reach, and tiles must begin on its pooling grid.

    Args:
        reach: How many pixels away a prediction looks; None if unknown.
        multiple: Side of the pooling grid, which divides :data:`SIDE`.

    Returns:
        Whole percent; the largest there is if none is enough.
    """
    if reach is None:
        return _USUAL_OVERLAP
    shares = range(1, _MOST_OVERLAP + 1)
    on_grid = [share for share in shares if SIDE * share // 100 % multiple == 0]
    enough = [share for share in on_grid if SIDE * share // 100 // 2 >= reach]
    return min(enough, default=max(on_grid))


def seams(reach: int | None, overlap: int) -> str:
    """That maps by tiles may have seams, as a sentence; or nothing.

    Args:
        reach: How many pixels away a prediction looks; None if unknown.
        overlap: What :func:`tiles_overlap` gave.
    """
    kept_away = SIDE * overlap // 100 // 2
    if reach is not None and reach <= kept_away:
        return ""
    looks = (
        "does not say how far it looks" if reach is None else f"looks {reach} px far"
    )
    return (
        f"the network {looks}, and tiles are kept up to {kept_away} px from their "
        "edges: plugins' maps may have seams"
    )


def resolution_of(loaded: LoadedModel) -> float:
    """Centimetres a pixel as the plugins measure them: in units of the scene's CRS.

    Of a scene in degrees they take those on the ground, about.

    Raises:
        UserError: The pixels aren't square, or their size is not known.
    """
    from pyproj import CRS

    size, wkt = loaded.store.get("pixel_size"), loaded.store.get("crs")
    ground = loaded.store.get("pixel_size_m")
    if size and wkt:
        crs, (width, height) = CRS.from_wkt(wkt), map(abs, size)
        if abs(width - height) > 0.01 * max(width, height):
            raise UserError(
                f"{loaded.path}: was trained on pixels of {width:g} × {height:g}, "
                "QGIS's plugins give square ones"
            )
        if not crs.is_geographic:
            metres = crs.axis_info[0].unit_conversion_factor
            return round(100 * metres * max(width, height), 4)
    if not ground:
        raise UserError(
            f"{loaded.path}: does not know the size of its pixels, which QGIS's "
            "plugins bring scenes to"
        )
    return round(100 * ground, 4)


def _refuse_other_input(loaded: LoadedModel) -> None:
    indexes = list(loaded.store["band_indexes"])
    dtype = loaded.store["dtype"]
    colours = list(loaded.store.get("colours", ()))
    if indexes != [1, 2, 3] or dtype != "uint8":
        raise UserError(
            f"{loaded.path}: reads the bands {', '.join(map(str, indexes))} of "
            f"{dtype}, QGIS's plugins give 1, 2, 3 of uint8"
        )
    if colours != _COLOURS and not _SILENT.issuperset(colours):
        raise UserError(
            f"{loaded.path}: was trained on {', '.join(colours)}, QGIS's plugins give "
            "red, green, blue"
        )


def _for_old_readers(proto: Any, path: Path) -> Any:
    """The same graph by an older version of ONNX, declared for one tile."""
    import onnx
    from onnx import version_converter

    try:
        older = version_converter.convert_version(proto, _OPSET)
    except Exception as error:  # it has exceptions of its own
        raise UserError(
            f"{path}: the network has operators that ONNX's opset {_OPSET} lacks "
            f"({' '.join(str(error).split())[:120]})"
        ) from None
    older.ir_version = _IR_VERSION
    graph = older.graph
    # Sizes in between would contradict the declared ones.
    del graph.value_info[:]
    for part in (older, graph, *graph.node, *graph.input, *graph.output):
        del part.metadata_props[:]
    for value, channels in ((graph.input[0], 3), (graph.output[0], 2)):
        sizes = (1, channels, SIDE, SIDE)
        for dim, size in zip(value.type.tensor_type.shape.dim, sizes, strict=True):
            dim.dim_value = size
    onnx.checker.check_model(older, full_check=True)
    return older
