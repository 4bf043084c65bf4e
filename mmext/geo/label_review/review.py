"""From a bank, its store and a model to a ranked list for annotators."""

from collections.abc import Callable

import geopandas
import numpy as np
import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.geo.error_atlas import check_same_store, read_errors
from mmext.geo.scene_grid import Layers, SceneGrid
from mmext.models.segmentors.binary_segmentor import BinarySegmentor
from mmext.structures.error_bank import ErrorBank

from .candidates import ErrorHistory, label_candidates

#: (1, C, H, W) raw pixel values to the target's probability and what is decided of
#: it, each (1, H, W).
Predict = Callable[[Tensor], tuple[Tensor, Tensor]]


def target_of(model: BinarySegmentor) -> Predict:
    """The target channel of a model, by the threshold of its own decoder."""
    channel = model.channels.index("target")

    def predict(image: Tensor) -> tuple[Tensor, Tensor]:
        probabilities = model.probabilities(image)
        decided = model.decide(probabilities)["channels"]["target"]
        return probabilities[:, channel], decided

    return predict


def review(
    bank: ErrorBank, store: TileStore, predict: Predict, tolerance: int = 2
) -> geopandas.GeoDataFrame:
    """Ranked candidates of all scenes, the most suspicious first.

    Args:
        bank: With counts.
        store: The store it was accumulated over.
        predict: The final model, see :func:`target_of`.
        tolerance: See :func:`label_candidates`.

    Returns:
        ``rank`` from 1, ``scene``, and the columns of :func:`label_candidates`.

    Raises:
        UserError: The bank has no counts, or is of another store.
    """
    check_same_store(bank, store)
    if not bank.has_counts:
        raise UserError("error bank: has no counts, expected some for a label review")
    tables = []
    for scene in tqdm(sorted(store.tiles["scene"].unique()), desc="Scenes"):
        grid = SceneGrid(store, scene)
        present = _predict_scene(store, grid, predict)
        history = ErrorHistory(
            read_errors(bank, grid, grid.whole),
            bank.passes,
            bank.meta["begin"],
            bank.meta["epoch"],
        )
        table = label_candidates(
            present["labels"],
            present["predicted"],
            present["probability"],
            history,
            grid.transform,
            grid.crs,
            tolerance,
        )
        table.insert(0, "scene", scene)
        tables.append(table)
    joined = pd.concat(tables, ignore_index=True)
    ranked = joined.sort_values("score", ascending=False, ignore_index=True)
    ranked.insert(0, "rank", np.arange(1, len(ranked) + 1))
    return ranked


def _predict_scene(store: TileStore, grid: SceneGrid, predict: Predict) -> Layers:
    def read(tile_id: int) -> Layers:
        image = torch.from_numpy(np.array(store.images[tile_id], np.float32))
        with torch.inference_mode():
            probability, decided = predict(image.permute(2, 0, 1)[None])
        return {
            "labels": store.masks[tile_id],
            "probability": probability[0].cpu().numpy(),
            "predicted": decided[0].cpu().numpy(),
        }

    fill = {
        "labels": (np.uint8, 255),
        "probability": (np.float32, 0),
        "predicted": (np.bool_, False),
    }
    return grid.place(grid.whole, read, fill)
