"""Pictures in MLflow."""

from typing import Any

import numpy as np
from mmengine.visualization import MLflowVisBackend as _MLflowVisBackend
from mmengine.visualization.vis_backend import force_init_env

from mmext.registry import VISBACKENDS


@VISBACKENDS.register_module()
class MLflowVisBackend(_MLflowVisBackend):
    """mmengine's, which keeps every step's picture.

    mmengine's gives the picture's name as a file's, which MLflow refuses without an
    ending, and overwrites the last step's.
    """

    @force_init_env
    def add_image(
        self, name: str, image: np.ndarray, step: int = 0, **kwargs: Any
    ) -> None:
        """Log (H, W, 3) uint8 under its name and step."""
        self._mlflow.log_image(image, key=name, step=step)
