"""Answers without a dump."""

import numpy as np

from mmext.evaluation.answers import SceneLogits

RNG = np.random.default_rng(4)


class Stand:
    """Answers without a dump: random scenes in which logits tell of the target."""

    def __init__(self, channels, scenes=3, positives=0.2):
        self.channels = channels
        self.store = type("Store", (), {"path": "data/val"})
        self._scenes = []
        for _ in range(scenes):
            target = (RNG.random((12, 9)) < positives).astype(np.uint8)
            target[0] = 255
            noise = RNG.normal(0, 1.5, (len(channels), 12, 9))
            logits = noise + 2 * (target == 1) - 1
            self._scenes.append(SceneLogits(logits.astype(np.float32), target))

    @property
    def scene_names(self):
        return [f"scene_{index}" for index in range(len(self._scenes))]

    def scenes(self):
        return iter(self._scenes)
