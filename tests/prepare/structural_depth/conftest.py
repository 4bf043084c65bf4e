import numpy as np
import pytest

from mmext.datasets.depth.structural_maps import StructuralNote


class BrightTeacher:
    """Takes brightness for depth, and counts what it is asked."""

    def __init__(self, space="depth", sha256="12" * 32):
        self.note = StructuralNote(space, False, "bright", sha256, (12, 20))
        self.batches = []
        self.fail_after = None

    def maps(self, images):
        if self.fail_after is not None and len(self.batches) >= self.fail_after:
            raise KeyboardInterrupt
        self.batches.append(len(images))
        return [image[::2, ::2].mean(axis=2).astype(np.float32) for image in images]


@pytest.fixture
def teacher():
    return BrightTeacher()
