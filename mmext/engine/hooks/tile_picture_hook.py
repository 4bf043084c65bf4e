"""Pictures of some tiles, epoch after epoch, for every visualisation backend."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmext.checked import Count, checked
from mmext.models.unwrapped import unwrapped


class TilePictureHook(Hook):
    """Give pictures to the runner's visualizer, and with it to all of its backends.

    Those are files in the work directory (``LocalVisBackend``), TensorBoard, MLflow,
    WandB. A training is the same with it as without.

    Args:
        tiles: Rows of a picture.
        interval: Epochs from one picture to the next; the last always has one.
    """

    # After what an epoch accumulates.
    priority = "LOW"

    def __init__(self, tiles: Count = 8, interval: Count = 10) -> None:
        name = type(self).__name__
        self.tiles = checked(Count, tiles, f"{name}.tiles")
        self.interval = checked(Count, interval, f"{name}.interval")

    @abstractmethod
    def pictures(self, runner: Runner, model: Any) -> Iterator[tuple[str, np.ndarray]]:
        """Names of pictures, and (H, W, 3) uint8 each.

        Args:
            runner: In training, after an epoch.
            model: The runner's, not wrapped; it is left in the mode that it is in.
        """

    def after_train_epoch(self, runner: Runner) -> None:
        """Draw if the epoch's turn has come."""
        epoch = runner.epoch + 1
        due = epoch % self.interval == 0 or epoch == runner.max_epochs
        if due and is_main_process():
            for name, picture in self.pictures(runner, unwrapped(runner.model)):
                runner.visualizer.add_image(name, picture, step=epoch)


def evenly_spaced(ids: np.ndarray, number: int) -> np.ndarray:
    """At most so many of some ids, the first and the last among them."""
    places = np.linspace(0, len(ids) - 1, min(number, len(ids)))
    return ids[places.round().astype(int)]
