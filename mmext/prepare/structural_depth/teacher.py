"""What a pretrained RGB depth model has to be for us."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from mmext.datasets.depth.structural_maps import StructuralNote


class Teacher(Protocol):
    """A model that sees depth in colour images."""

    @property
    def note(self) -> StructuralNote:
        """What its maps are and which model makes them."""

    def maps(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """One map for each image, in the space that :attr:`note` states.

        Args:
            images: (H, W, 3) uint8 RGB each, of any sizes.

        Returns:
            (h, w) float32 each, at the model's own size or the image's.
        """


def sha256_of(paths: Sequence[Path]) -> str:
    """Hash of files' contents, one after another: 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
