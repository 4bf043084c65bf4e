"""From a bank, its store and a model to a ranked list for annotators."""

from collections.abc import Callable
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.geo.error_atlas import check_same_store, place_tiles, scene_errors
from mmext.geo.qgis_style import categorised_outlines, embed_style
from mmext.structures.error_bank import ErrorBank

from .candidates import label_candidates

Predict = Callable[[torch.Tensor], torch.Tensor]
_COLOURS = {"missing": (31, 90, 200), "wrong": (226, 26, 28), "shifted": (255, 170, 0)}
_VERDICTS = "".join(
    f'<Option type="Map"><Option name="{v}" type="QString" value="{v}"/></Option>'
    for v in ("accept", "reject", "unsure")
)
_WIDGET = (
    '<fieldConfiguration><field name="verdict"><editWidget type="ValueMap"><config>'
    f'<Option type="Map"><Option name="map" type="List">{_VERDICTS}</Option></Option>'
    "</config></editWidget></field></fieldConfiguration>"
)


def review(
    bank: ErrorBank, store: TileStore, predict: Predict, tolerance: int = 2
) -> geopandas.GeoDataFrame:
    """Ranked candidates of all scenes.

    Args:
        bank: With counts.
        store: The store it was accumulated over.
        predict: (1, C, H, W) raw pixel values to (1, H, W) probability of the target.
        tolerance: See :func:`label_candidates`.

    Raises:
        UserError: The bank has no counts, or is of another store.
    """
    check_same_store(bank, store)
    if not bank.has_counts:
        raise UserError("error bank: has no counts, expected some for a label review")
    tables = []
    for scene in tqdm(sorted(store.tiles["scene"].unique()), desc="Scenes"):
        ids = store.tiles.loc[store.tiles["scene"] == scene, "tile_id"].to_numpy()
        images = (torch.from_numpy(np.array(store.images[i], np.float32)) for i in ids)
        with torch.inference_mode():
            parts = [predict(image.permute(2, 0, 1)[None])[0] for image in images]
        maps = place_tiles(
            store,
            scene,
            {
                "labels": (np.stack([store.masks[i] for i in ids]), 255),
                "probability": (torch.stack(parts).cpu().numpy(), 0),
            },
        )
        errors = scene_errors(bank, store, scene)
        table = label_candidates(
            maps["labels"],
            maps["probability"],
            errors.layers,
            bank.passes,
            bank.meta["begin"],
            bank.meta["epoch"],
            errors.transform,
            errors.crs,
            tolerance,
        )
        table.insert(0, "scene", scene)
        tables.append(table)
    joined = pd.concat(tables, ignore_index=True)
    return joined.sort_values("score", ascending=False, ignore_index=True)


def write_candidates(table: geopandas.GeoDataFrame, path: Path) -> None:
    """Write the layer ``candidates`` with its style and verdict widget."""
    qml = categorised_outlines("kind", _COLOURS).replace("</qgis>", _WIDGET + "</qgis>")
    qml = qml.replace(
        'styleCategories="Symbology"', 'styleCategories="Symbology|Fields|Forms"'
    )
    with atomic_path(path) as temporary:
        table.to_file(temporary, layer="candidates", driver="GPKG")
        embed_style(temporary, "candidates", qml)
