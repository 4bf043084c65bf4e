"""Pixels of a store as a picture."""

import numpy as np

from mmext.datasets.tile_store import TileStore


def to_display(store: TileStore, pixels: np.ndarray) -> np.ndarray:
    """Stretch pixels to what a screen shows.

    Args:
        store: Whose statistics say how far values go.
        pixels: (..., C) in the store's units.

    Returns:
        (..., 3) float in [0, 1]; of other than three bands the first three, or the
        first as grey.
    """
    bands = [0, 1, 2] if pixels.shape[-1] >= 3 else [0, 0, 0]
    chosen = pixels[..., bands].astype(np.float32)
    if store.meta["dtype"] == "uint8":
        return chosen / 255
    mean, std = (
        np.array(store.meta[key], np.float32)[bands] for key in ("mean", "std")
    )
    low, high = mean - 2.5 * std, mean + 2.5 * std
    return np.clip((chosen - low) / np.maximum(high - low, 1e-6), 0, 1)


def display_image(store: TileStore, tile: int) -> np.ndarray:
    """(H, W, 3) picture of a tile."""
    return to_display(store, np.asarray(store.images[tile]))
