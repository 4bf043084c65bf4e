"""What a run's last checkpoint says of its test tiles."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from mmext.datasets.tile_store import TileStore
from mmext.engine.checkpoint import load_model
from mmext.engine.train import latest_checkpoint
from mmext.errors import UserError

STEPS = 255


@dataclass(frozen=True)
class TestPredictions:
    """Probabilities and decisions on a tile store.

    Attributes:
        store: The store.
        channels: K names.
        probability: (N, K, H, W) uint8, the probability times 255.
        mask: (N, H, W) bool, what the decoder decides.
    """

    __test__ = False  # no test, whatever pytest thinks of the name

    store: TileStore
    channels: tuple[str, ...]
    probability: np.ndarray
    mask: np.ndarray

    def codes(self) -> np.ndarray:
        """(N, H, W) uint8: 0 none, 1 target, 2 error channel only, 3 both."""
        above = self.probability > STEPS // 2
        codes = above[:, 0].astype(np.uint8)
        codes += 2 * above[:, 1:].any(axis=1).astype(np.uint8)
        return np.where(self.mask, codes, 0).astype(np.uint8)


def predict_test_store(work_dir: Path, batch_size: int = 16) -> TestPredictions:
    """Predict the validation store of a run's config with its newest checkpoint.

    Args:
        work_dir: The run.
        batch_size: Tiles a batch.

    Raises:
        UserError: There is no checkpoint, or the store is gone.
    """
    checkpoint = latest_checkpoint(work_dir)
    if checkpoint is None:
        raise UserError(f"{work_dir}: has no checkpoint")
    loaded = load_model(checkpoint)
    store = TileStore(loaded.config.val_dataloader.dataset.store)
    probabilities, masks = [], []
    starts = range(0, len(store), batch_size)
    for start in tqdm(starts, desc=f"Predicting with {work_dir.name}", unit="batch"):
        tiles = np.asarray(store.images[start : start + batch_size], np.float32)
        with torch.inference_mode():
            images = torch.from_numpy(tiles).permute(0, 3, 1, 2)
            probability = loaded.model.probabilities(images)
            decision = loaded.model.decide(probability)
        probabilities.append((probability * STEPS).round().to(torch.uint8).numpy())
        masks.append(decision["mask"].numpy())
    return TestPredictions(
        store=store,
        channels=tuple(loaded.model.channels),
        probability=np.concatenate(probabilities),
        mask=np.concatenate(masks),
    )
