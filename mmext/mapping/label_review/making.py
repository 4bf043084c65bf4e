"""From files to a review that an annotator can open."""

from pathlib import Path

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.fileio.vector import read_vector
from mmext.inference.checkpoint import LoadedModel, load_model
from mmext.location import Location
from mmext.models.segmentors.binary_segmentor import BinarySegmentor
from mmext.structures import load_bank

from .label_file import LabelFile
from .ranking_evaluation import compare_rankings
from .review import review
from .review_files import check_review_path, write_review


def make_review(
    snapshot: Path,
    store_path: Path,
    checkpoint: Path,
    out: Path,
    labels_path: Location | None = None,
    layer: str | None = None,
    where: str | None = None,
    tolerance: int = 2,
    planted: Location | None = None,
    device: str = "cpu",
) -> None:
    """Write a review and print how many candidates it has.

    Args:
        snapshot: A bank with counts.
        store_path: The tile store it was accumulated over.
        checkpoint: The final model.
        out: The review's GeoPackage, see :func:`write_review`.
        labels_path: The polygons that the store was cut with. Without them a review
            can be read, but only its missing targets be applied.
        layer: Layer of the labels.
        where: Attribute filter in SQL that the store was cut with.
        tolerance: See :func:`.candidates.label_candidates`.
        planted: Errors that ``mmext scenes`` made, to compare rankings; the table is
            printed and written beside ``out`` as CSV.
        device: Where the model runs.

    Raises:
        UserError: A file can't be read or is there already, or they don't belong
            together.
    """
    check_review_path(out)
    known = read_vector(planted) if planted else None
    store, bank = TileStore(store_path), load_bank(snapshot)
    labels = LabelFile.read(labels_path, layer, where) if labels_path else None
    model = _segmentor(load_model(checkpoint, device), store)
    table = review(bank, store, model, tolerance, labels)
    write_review(table, store, out, labels)
    print(f"{out}, {out.with_suffix('.html')}: {len(table)} candidates")
    if labels is None and store.meta["crs"] is not None:
        print(
            "no --labels: candidates name no labels, so that only missing targets can "
            "be applied"
        )
    if known is not None:
        result = compare_rankings(table, known)
        print(result.round(3).to_string(index=False))
        with atomic_path(out.with_suffix(".csv")) as temporary:
            result.to_csv(temporary, index=False)


def _segmentor(loaded: LoadedModel, store: TileStore) -> BinarySegmentor:
    """The model, if it can be asked about the store's tiles."""
    if not isinstance(loaded.model, BinarySegmentor):
        raise UserError(
            f"{loaded.path}: is a {type(loaded.model).__name__}, expected a "
            "segmentation model"
        )
    bands, here = loaded.store.get("bands"), store.meta["bands"]
    if bands is not None and len(bands) != len(here):
        raise UserError(
            f"{loaded.path}: was trained on {len(bands)} bands, {store.path} has "
            f"{len(here)}"
        )
    if loaded.store.get("fingerprint") != store.fingerprint:
        print(f"{loaded.path}: was not trained on {store.path}, but is asked about it")
    return loaded.model
