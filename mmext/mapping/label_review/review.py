"""From a bank, its store and a model to a ranked list for annotators."""

from collections.abc import Iterator

import geopandas
import numpy as np
import pandas as pd
from tqdm import tqdm

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.inference.store_pass import predict_tiles
from mmext.mapping.error_atlas import read_errors
from mmext.models.segmentors.binary_segmentor import BinarySegmentor
from mmext.pixel_values import IGNORE
from mmext.raster.scene_grid import Layers, SceneGrid
from mmext.structures import ErrorBank, refuse_other_store

from .candidates import ErrorHistory, label_candidates
from .duplicates import one_of_each
from .label_file import LabelFile
from .label_objects import LabelObjects, SceneObjects, Sightings


def review(
    bank: ErrorBank,
    store: TileStore,
    model: BinarySegmentor,
    tolerance: int = 2,
    labels: LabelFile | None = None,
) -> geopandas.GeoDataFrame:
    """Ranked candidates of all scenes, the most suspicious first.

    What several scenes show of one thing is one candidate
    (:func:`.duplicates.one_of_each`). Prints what of the labels is not reviewed.

    Args:
        bank: With counts.
        store: The store it was accumulated over.
        model: The final one; of its channels the target counts, by the threshold of
            its own decoder.
        tolerance: See :func:`label_candidates`.
        labels: The polygons that the store was cut with, so that candidates name
            theirs; None takes connected pixels for labels.

    Returns:
        ``rank`` from 1, ``scene``, the columns of :func:`label_candidates` without
        ``objects``; ``labels``, the names of its labels in the file
        (:class:`LabelFile`) with a space between them, and ``label_seen``, the share of
        the first that the scene shows (NaN where there is none).

    Raises:
        UserError: The bank has no counts, or is of another store; the labels are not
            those of the store; or a prediction is NaN.
    """
    refuse_other_store(
        "error bank", bank.fingerprint, store.fingerprint, str(store.path)
    )
    if not bank.has_counts:
        raise UserError("error bank: has no counts, expected some for a label review")
    objects, sightings = _label_objects(labels, store), Sightings()
    tables = []
    for scene in tqdm(sorted(store.tiles["scene"].unique()), desc="Scenes"):
        grid = SceneGrid(store, scene)
        present = _predict_scene(store, grid, model)
        history = ErrorHistory(
            read_errors(bank, grid, grid.whole),
            bank.passes,
            bank.meta["begin"],
            bank.meta["epoch"],
        )
        shown = objects.on(grid, present["labels"]) if objects else None
        table = label_candidates(
            present["labels"],
            present["predicted"],
            present["probability"],
            history,
            grid.transform,
            grid.crs,
            tolerance,
            objects=shown.ids if shown else None,
        )
        table.insert(0, "scene", scene)
        if shown:
            sightings.add(scene, shown)
        tables.append(_numbered_for_all(table, shown))
    for note in sightings.notes(objects) if objects else []:
        print(note)
    joined = pd.concat(tables, ignore_index=True)
    best = [
        not numbers or sightings.best_scene(numbers[0]) == scene
        for numbers, scene in zip(joined["objects"], joined["scene"], strict=True)
    ]
    joined["best"] = np.array(best, bool)  # also where there is no candidate
    single = one_of_each(joined, abs(grid.transform.determinant) ** 0.5)
    if len(single) < len(joined):
        print(f"{len(joined) - len(single)} candidates show what another one shows")
    single["labels"] = [
        " ".join(name for number in numbers for name in objects.names(number))
        if objects
        else ""
        for numbers in single["objects"]
    ]
    ranked = single.drop(columns=["objects", "best"]).sort_values(
        "score", ascending=False, ignore_index=True
    )
    ranked.insert(0, "rank", np.arange(1, len(ranked) + 1))
    return ranked


def _label_objects(labels: LabelFile | None, store: TileStore) -> LabelObjects | None:
    if labels is None:
        return None
    if store.meta["crs"] is None:
        raise UserError(
            f"{store.path}: has no coordinate system, {labels.path} can't be laid on it"
        )
    return LabelObjects(labels, store.meta["crs"])


def _numbered_for_all(
    table: geopandas.GeoDataFrame, shown: SceneObjects | None
) -> geopandas.GeoDataFrame:
    """Numbers that mean the same label in every scene, and how much of it is seen."""
    if shown is None:
        return table.assign(objects=[()] * len(table), label_seen=np.nan)
    here = table["objects"]
    return table.assign(
        objects=[tuple(shown.objects[np.array(n, int) - 1].tolist()) for n in here],
        label_seen=[shown.seen[n[0] - 1] if n else np.nan for n in here],
    )


def _predict_scene(store: TileStore, grid: SceneGrid, model: BinarySegmentor) -> Layers:
    channel = model.channels.index("target")

    def predicted() -> Iterator[tuple[int, Layers]]:
        for tiles in predict_tiles(model, store, grid.tiles_in(grid.whole)):
            probability = tiles.probabilities[:, channel].cpu().numpy()
            for index, tile_id in enumerate(tiles.tile_ids.tolist()):
                yield (
                    tile_id,
                    {
                        "labels": tiles.target[index],
                        "probability": probability[index],
                        "predicted": tiles.channels["target"][index],
                    },
                )

    fill = {
        "labels": (np.uint8, IGNORE),
        "probability": (np.float32, 0),
        "predicted": (np.bool_, False),
    }
    return grid.place(grid.whole, predicted(), fill)
