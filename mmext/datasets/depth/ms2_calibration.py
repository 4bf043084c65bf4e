"""MS2's pickled calibration, converted once into JSON."""

import io
import os
import pickle  # nosec B403 # builds arrays only, see _ArrayUnpickler
from pathlib import Path
from typing import Any

import numpy as np

from mmext.errors import UserError

from .calibration import FILE_NAME, CameraPair

_NEEDED = ("K_thrL", "K_rgbL", "R_nir2thr", "T_nir2thr", "R_nir2rgb", "T_nir2rgb")
#: All that a pickled dict of numeric arrays calls.
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}


class _ArrayUnpickler(pickle.Unpickler):
    """Builds arrays and plain values, and refuses to call anything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it wants to call {module}.{name}")
        return super().find_class(module, name)


def convert_calibration(path: str | os.PathLike[str]) -> Path:
    """Write ``calibration.json`` beside a sequence's ``calib.npy``.

    A pickle can run code when it is read. This reads only what builds arrays, and is
    called by nothing but the tool of this name.

    Args:
        path: ``sync_data/SEQ/calib.npy``.

    Returns:
        The file written.

    Raises:
        UserError: The file is missing or not MS2's calibration, or calls more than a
            dict of arrays does.
    """
    pair = _camera_pair(str(path), _unpickle(Path(path)))
    out = Path(path).with_name(FILE_NAME)
    pair.write(out)
    return out


def _unpickle(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    stream = io.BytesIO(path.read_bytes())
    try:
        version = np.lib.format.read_magic(stream)
        read_header = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read_header(stream)
        content = _ArrayUnpickler(stream).load() if dtype.hasobject else None
    except (ValueError, EOFError, pickle.UnpicklingError) as error:
        raise UserError(f"{path}: not a calibration of MS2 ({error})") from None
    if shape != () or not isinstance(content, np.ndarray):
        raise UserError(f"{path}: not a calibration of MS2, expected one pickled dict")
    return content.item()


def _camera_pair(source: str, values: dict[str, np.ndarray]) -> CameraPair:
    missing = [name for name in _NEEDED if name not in values]
    if missing:
        raise UserError(f"{source}: lacks {', '.join(missing)}")
    to_thermal = _transform(values["R_nir2thr"], values["T_nir2thr"])
    to_rgb = _transform(values["R_nir2rgb"], values["T_nir2rgb"])
    thermal_to_rgb = to_rgb @ np.linalg.inv(to_thermal)
    return CameraPair(
        k_thermal=np.array(values["K_thrL"], np.float64),
        k_rgb=np.array(values["K_rgbL"], np.float64),
        rotation=thermal_to_rgb[:3, :3],
        translation=thermal_to_rgb[:3, 3],
    )


def _transform(rotation: np.ndarray, millimetres: np.ndarray) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = np.ravel(millimetres) / 1000
    return matrix
