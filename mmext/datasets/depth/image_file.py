"""Reading one image or map file as it was stored."""

import os
from pathlib import Path

import cv2
import numpy as np

from mmext.errors import UserError
from mmext.fileio import open_array

#: Files that hold an image.
IMAGE_SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp", ".pgm")


def read_image(path: str | os.PathLike[str]) -> np.ndarray:
    """Read an image or ``.npy`` array without changing a value.

    Returns:
        (H, W) or (H, W, C), C in OpenCV's order (BGR), of the file's dtype.

    Raises:
        UserError: There is no such file, or it is not an image or array of numbers.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    if path.suffix == ".npy":
        return _read_array(path)
    # imdecode, since imread cannot open every path on every system.
    content = np.fromfile(path, np.uint8)
    try:
        image = cv2.imdecode(content, cv2.IMREAD_UNCHANGED) if content.size else None
    except cv2.error:  # of a header that asks for too much, say
        image = None
    if image is None:
        raise UserError(f"{path}: not a readable image, expected PNG, TIFF or JPEG")
    return image


def read_grey(path: str | os.PathLike[str]) -> np.ndarray:
    """Read an image of one channel, or of several equal ones.

    Grey images saved with three channels are common; colour, such as a thermal
    camera's palette, is refused because its values mean nothing.

    Returns:
        (H, W) of the file's dtype.

    Raises:
        UserError: As :func:`read_image`, or the channels differ.
    """
    image = read_image(path)
    if image.ndim == 2:
        return image
    if image.ndim == 3 and image.shape[2] in (1, 3):
        first = image[:, :, :1]
        if (image == first).all():
            return np.ascontiguousarray(first[:, :, 0])
    raise UserError(
        f"{path}: has the shape {'×'.join(map(str, image.shape))} in colour, expected "
        "one channel of raw values"
    )


def _read_array(path: Path) -> np.ndarray:
    array = open_array(path)
    if array.ndim not in (2, 3):
        raise UserError(f"{path}: has {array.ndim} axes, expected 2 or 3")
    return np.array(array)
