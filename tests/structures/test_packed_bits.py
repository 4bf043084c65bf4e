"""Bits packed by torch are those that NumPy packs."""

import numpy as np
import pytest
import torch

from mmext.structures.packed_bits import count_bits, pack_bits, pack_labels


@pytest.mark.parametrize("shape", [(3, 5, 7), (2, 1, 1), (4, 16, 16), (1, 3, 64)])
def test_as_numpy_packs_and_counts(shape):
    rng = np.random.default_rng(0)
    for share in (0.0, 0.3, 1.0):
        pixels = rng.random(shape) < share
        packed = pack_bits(torch.from_numpy(pixels))
        expected = np.packbits(pixels.reshape(len(pixels), -1), axis=1)
        width = expected.shape[1]
        assert packed.dtype == torch.uint8
        np.testing.assert_array_equal(packed[:, :width].numpy(), expected)
        assert packed.shape == expected.shape
        assert int(count_bits(packed)) == pixels.sum()


def test_every_byte():
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    packed = pack_bits(torch.from_numpy(bits.astype(bool)))
    assert packed[:, 0].tolist() == list(range(256))
    assert int(count_bits(packed)) == bits.sum() == 1024


def test_what_does_not_lie_in_one_piece():
    pixels = torch.rand(4, 8, 6) < 0.5
    turned = pixels.transpose(1, 2)
    expected = np.packbits(turned.reshape(4, -1).numpy(), axis=1)
    np.testing.assert_array_equal(pack_bits(turned).numpy(), expected)


@pytest.mark.parametrize("shape", [(3, 5, 7), (2, 1, 1), (4, 16, 16)])
def test_labels_are_target_background_or_neither(shape):
    rng = np.random.default_rng(0)
    masks = rng.choice(np.array([0, 1, 255], np.uint8), shape)
    rows = masks.reshape(len(masks), -1)
    for packed, value in zip(pack_labels(torch.from_numpy(masks)), (1, 0), strict=True):
        expected = np.packbits(rows == value, axis=1)
        np.testing.assert_array_equal(packed.numpy(), expected)
