from types import SimpleNamespace

import numpy as np

from mmext.registry import VISBACKENDS


def test_every_step_has_its_picture(tmp_path):
    backend = VISBACKENDS.build(
        dict(type="MLflowVisBackend", save_dir=str(tmp_path), exp_name="e")
    )
    said = []
    backend._env_initialized = True  # MLflow itself is not asked
    backend._mlflow = SimpleNamespace(
        log_image=lambda image, **where: said.append((image.shape, where))
    )
    for step in (1, 2):
        backend.add_image("val_tiles", np.zeros((4, 5, 3), np.uint8), step)
    assert said == [((4, 5, 3), {"key": "val_tiles", "step": s}) for s in (1, 2)]
