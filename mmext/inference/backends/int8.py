"""An exported network in 8-bit integers, calibrated on tiles."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mmext.datasets.tile_store import POSITIVE_THRESHOLD, TileStore
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.inference.checkpoint import LoadedModel

from .export import export_onnx
from .exported import exported_predictor
from .onnx_file import METADATA, Calibration


def export_int8(
    loaded: LoadedModel, path: Path, store: TileStore, tiles: int = 64, seed: int = 0
) -> float:
    """Export with 8-bit weights and activations.

    Weights have a scale a channel, activations one a tensor, from the least to the
    greatest value that they take on tiles of a store (ONNX Runtime's static
    quantisation, as pairs of QuantizeLinear and DequantizeLinear). Normalisation, the
    first convolution, the last one and what follows it stay in float32: there a step
    of 1/255 shows in the map.

    Args:
        loaded: The model.
        path: The ``.onnx`` file.
        store: What to calibrate on: the training store.
        tiles: How many of its tiles, half of them with target if there are as many.
        seed: Of the choice.

    Returns:
        What :func:`export_onnx` does, of the network before it was quantised.

    Raises:
        UserError: The packages are missing, the store has other bands than the model,
            or the network can't be exported or quantised.
    """
    _refuse_other_bands(loaded, store)
    chosen = _choose(store, tiles, seed)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "float32.onnx"
        difference = export_onnx(loaded, whole)
        with atomic_path(path) as temporary:
            _quantize(whole, temporary, store, chosen)
            _describe(temporary, Calibration(store.fingerprint, len(chosen), seed))
            # As it will be read: what could not be is refused here.
            exported_predictor(temporary, "onnxruntime")
    return difference


def _refuse_other_bands(loaded: LoadedModel, store: TileStore) -> None:
    for key in ("band_indexes", "dtype"):
        trained, found = loaded.store.get(key), store.header[key]
        if found != trained:
            raise UserError(
                f"{store.path}: {key} {found}, {loaded.path} was trained with {trained}"
            )
    if loaded.store.get("fingerprint") != store.fingerprint:
        print(f"{loaded.path}: was not trained on {store.path}, but calibrated on it")


def _choose(store: TileStore, tiles: int, seed: int) -> np.ndarray:
    order = np.random.default_rng(seed).permutation(len(store))
    positive = store.tiles["positive_fraction"].to_numpy()[order] > POSITIVE_THRESHOLD
    with_target = order[positive][: (tiles + 1) // 2]
    rest = order[~np.isin(order, with_target)][: tiles - len(with_target)]
    return np.sort(np.concatenate([with_target, rest]))


def _quantize(whole: Path, path: Path, store: TileStore, tiles: np.ndarray) -> None:
    import onnx
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Tiles(quantization.CalibrationDataReader):
        images: Iterator[np.ndarray] = (store.images[tile] for tile in tiles)

        def get_next(self) -> dict[str, np.ndarray] | None:
            image = next(self.images, None)
            if image is None:
                return None
            return {"image": image.transpose(2, 0, 1)[None].astype(np.float32)}

    prepared = whole.with_name("prepared.onnx")
    quant_pre_process(str(whole), str(prepared), skip_symbolic_shape=True)
    nodes = onnx.load(str(prepared)).graph.node
    convolutions = [i for i, node in enumerate(nodes) if node.op_type == "Conv"]
    first, last = convolutions[0], convolutions[-1]
    quantization.quantize_static(
        str(prepared),
        str(path),
        Tiles(),
        per_channel=True,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
        nodes_to_exclude=[node.name for node in (*nodes[: first + 1], *nodes[last:])],
    )


def _describe(path: Path, calibration: Calibration) -> None:
    import onnx

    model = onnx.load(str(path))
    [entry] = [item for item in model.metadata_props if item.key == METADATA]
    entry.value = json.dumps(
        json.loads(entry.value) | {"calibration": asdict(calibration)}
    )
    path.write_bytes(model.SerializeToString())
