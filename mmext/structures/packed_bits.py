"""Bits of pixels, eight to a byte, on the device where the pixels are.

On a CPU that is NumPy's work; elsewhere it is done in words of 64 bits.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mmext.pixel_values import IGNORE

# Multiplied by it, eight bytes of 0 or 1 leave their bits in the highest byte, the
# first byte's highest; as a signed number.
_GATHER = sum(1 << 9 * byte for byte in range(8)) - (1 << 64)
# The lowest bit of each byte.
_LOWEST = 0x0101010101010101


def pack_masks(masks: np.ndarray) -> np.ndarray:
    """(B, …) bool, of P pixels each, to (B, ceil(P / 8)) uint8."""
    return np.packbits(masks.reshape(len(masks), -1), axis=1)


def unpack_mask(bits: np.ndarray, height: int, width: int) -> np.ndarray:
    """One packed mask, (ceil(H·W / 8),) uint8, to (H, W) bool."""
    flat = np.unpackbits(bits, count=height * width)
    return flat.reshape(height, width).astype(bool)


def pack_bits(pixels: Tensor) -> Tensor:
    """What ``numpy.packbits`` makes of each row.

    Args:
        pixels: (B, …) bool, of P pixels a row.

    Returns:
        (B, ceil(P / 8)) uint8.
    """
    rows = pixels.flatten(1)
    return _pack(rows) if _on_cpu(rows) else pack_bits_by_words(rows)


def pack_bits_by_words(rows: Tensor) -> Tensor:
    """:func:`pack_bits` of (B, P), on any device."""
    return _gather(_fill(rows.contiguous().view(torch.uint8)).view(torch.int64))


def pack_labels(masks: Tensor) -> tuple[Tensor, Tensor]:
    """Where masks say target, and where background.

    Args:
        masks: (B, …) uint8 in {0, 1, 255}, of P pixels a row.

    Returns:
        Two of (B, ceil(P / 8)) uint8, as :func:`pack_bits` gives them of
        ``masks == 1`` and ``masks == 0``.
    """
    rows = masks.flatten(1)
    if _on_cpu(rows):
        labels = rows.numpy()
        return _pack(labels == 1), _pack(labels == 0)
    return pack_labels_by_words(rows)


def pack_labels_by_words(rows: Tensor) -> tuple[Tensor, Tensor]:
    """:func:`pack_labels` of (B, P), on any device."""
    # Eight pixels at a time. Only of 255 the highest bit is set, only of 0 the lowest
    # is not; what fills a row up to whole words is to be neither.
    words = _fill(rows, IGNORE).view(torch.int64)
    lowest = words & _LOWEST
    return _gather(lowest & ~(words >> 7)), _gather(lowest ^ _LOWEST)


def _gather(words: Tensor) -> Tensor:
    """The lowest bits of eight bytes, as one byte."""
    return (words * _GATHER >> 56 & 0xFF).to(torch.uint8)


def count_bits(packed: Tensor) -> Tensor:
    """How many bits are set in all of (B, n) uint8: int64, without dimensions."""
    if _on_cpu(packed):
        words = _fill(packed).numpy().view(np.uint64)
        return torch.tensor(np.bitwise_count(words).sum(dtype=np.int64))
    return count_bits_by_words(packed)


def count_bits_by_words(packed: Tensor) -> Tensor:
    """:func:`count_bits` on any device."""
    # Pairs, nibbles and bytes are summed side by side.
    words = _fill(packed).view(torch.int64)
    words = words - (words >> 1 & 0x5555555555555555)
    words = (words & 0x3333333333333333) + (words >> 2 & 0x3333333333333333)
    words = words + (words >> 4) & 0x0F0F0F0F0F0F0F0F
    return (words * _LOWEST >> 56).sum()


def _on_cpu(tensor: Tensor) -> bool:
    return tensor.device.type == "cpu"


def _pack(rows: Tensor | np.ndarray) -> Tensor:
    return torch.from_numpy(pack_masks(np.asarray(rows)))


def _fill(rows: Tensor, value: int = 0) -> Tensor:
    """Rows of bytes, filled up to whole words, contiguous."""
    missing = -rows.shape[1] % 8
    if not missing:
        return rows.contiguous()
    return functional.pad(rows, (0, missing), value=value)
