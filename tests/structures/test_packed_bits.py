"""Bits packed on a CPU, and as a GPU packs them, are those that NumPy packs."""

import numpy as np
import pytest
import torch

from mmext.structures.packed_bits import (
    count_bits,
    count_bits_by_words,
    pack_bits,
    pack_bits_by_words,
    pack_labels,
    pack_labels_by_words,
)


def by_words(pixels):
    return pack_bits_by_words(pixels.flatten(1))


def labels_by_words(masks):
    return pack_labels_by_words(masks.flatten(1))


either_way = pytest.mark.parametrize(
    "pack, count", [(pack_bits, count_bits), (by_words, count_bits_by_words)]
)


@either_way
@pytest.mark.parametrize("shape", [(3, 5, 7), (2, 1, 1), (4, 16, 16), (1, 3, 64)])
def test_as_numpy_packs_and_counts(shape, pack, count):
    rng = np.random.default_rng(0)
    for share in (0.0, 0.3, 1.0):
        pixels = rng.random(shape) < share
        packed = pack(torch.from_numpy(pixels))
        expected = np.packbits(pixels.reshape(len(pixels), -1), axis=1)
        width = expected.shape[1]
        assert packed.dtype == torch.uint8
        np.testing.assert_array_equal(packed[:, :width].numpy(), expected)
        assert packed.shape == expected.shape
        assert int(count(packed)) == pixels.sum()


@either_way
def test_every_byte(pack, count):
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    packed = pack(torch.from_numpy(bits.astype(bool)))
    assert packed[:, 0].tolist() == list(range(256))
    assert int(count(packed)) == bits.sum() == 1024


@either_way
def test_what_does_not_lie_in_one_piece(pack, count):
    pixels = torch.rand(4, 8, 6) < 0.5
    turned = pixels.transpose(1, 2)
    expected = np.packbits(turned.reshape(4, -1).numpy(), axis=1)
    np.testing.assert_array_equal(pack(turned).numpy(), expected)
    assert (
        int(count(torch.from_numpy(expected)[:, ::2]))
        == np.bitwise_count(expected[:, ::2]).sum()
    )


@pytest.mark.parametrize("pack", [pack_labels, labels_by_words])
@pytest.mark.parametrize("shape", [(3, 5, 7), (2, 1, 1), (4, 16, 16)])
def test_labels_are_target_background_or_neither(shape, pack):
    rng = np.random.default_rng(0)
    masks = rng.choice(np.array([0, 1, 255], np.uint8), shape)
    rows = masks.reshape(len(masks), -1)
    for packed, value in zip(pack(torch.from_numpy(masks)), (1, 0), strict=True):
        expected = np.packbits(rows == value, axis=1)
        np.testing.assert_array_equal(packed.numpy(), expected)
