"""``mmext review``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mmext.checked import Index
from mmext.cli.arguments import (
    Device,
    ExistingFile,
    ExistingFolder,
    OutputFile,
    choose_device,
)
from mmext.errors import UserError


def review(
    snapshot: ExistingFile | None = None,
    /,
    *,
    store: ExistingFolder | None = None,
    checkpoint: ExistingFile | None = None,
    tolerance: Index = 2,
    planted: ExistingFile | None = None,
    device: Device | None = None,
    candidates: Annotated[ExistingFile | None, Parameter(name="--apply")] = None,
    labels: ExistingFile | None = None,
    out: OutputFile,
) -> None:
    r"""List labels that look wrong, and apply an annotator's verdicts.

    Writes review.gpkg (layer candidates, ranked, with an empty verdict to fill in),
    review_thumbnails/ and review.html, a contact sheet.

        mmext review work_dirs/trunk/error_bank_epoch_200.npz --store data/train \
            --checkpoint work_dirs/trunk/epoch_200.pth --out review.gpkg
        mmext review --apply review.gpkg --labels fields.gpkg --out corrected.gpkg

    Args:
        snapshot: Bank with counts.
        store: Its tile store.
        checkpoint: The final model.
        tolerance: Pixels.
        planted: Errors that mmext scenes made, to compare rankings.
        device: Where the network runs: cpu, cuda or cuda:N (a GPU if there is one).
        candidates: Candidates with verdicts.
        labels: Labels to correct.
        out: A new GeoPackage.
    """
    if out.exists():
        raise UserError(f"{out}: exists, expected a new file")
    reviewing = {"SNAPSHOT": snapshot, "--store": store, "--checkpoint": checkpoint}
    applying = {"--apply": candidates, "--labels": labels}
    if candidates or labels:
        _expect(applying, reviewing | {"--planted": planted, "--device": device})
        assert candidates and labels
        _apply(candidates, labels, out)
    else:
        _expect(reviewing, {})
        assert snapshot and store and checkpoint
        _review(snapshot, store, checkpoint, tolerance, planted, device, out)


def _expect(needed: Mapping[str, object], others: Mapping[str, object]) -> None:
    for name, value in needed.items():
        if value is None:
            raise UserError(f"{name}: missing, expected {' and '.join(needed)}")
    for name, value in others.items():
        if value is not None:
            raise UserError(f"{name}: not expected with {' and '.join(needed)}")


def _review(
    snapshot: Path,
    store_path: Path,
    checkpoint: Path,
    tolerance: int,
    planted: Path | None,
    device: str | None,
    out: Path,
) -> None:
    import geopandas

    from mmext.datasets.tile_store import TileStore
    from mmext.engine.checkpoint import load_model
    from mmext.fileio import atomic_path
    from mmext.geo.label_review import (
        compare_rankings,
        review,
        target_of,
        write_review,
    )
    from mmext.structures.error_bank import ErrorBank

    store = TileStore(store_path)
    target = target_of(load_model(checkpoint, choose_device(device)).model)
    table = review(ErrorBank.load(snapshot), store, target, tolerance)
    write_review(table, store, out)
    print(f"{out}, {out.with_suffix('.html')}: {len(table)} candidates")
    if planted:
        result = compare_rankings(table, geopandas.read_file(planted))
        print(result.round(3).to_string(index=False))
        with atomic_path(out.with_suffix(".csv")) as temporary:
            result.to_csv(temporary, index=False)


def _apply(path: Path, labels: Path, out: Path) -> None:
    import geopandas

    from mmext.fileio import atomic_path
    from mmext.geo.label_review import apply_verdicts

    candidates = geopandas.read_file(path, layer="candidates")
    corrected = apply_verdicts(candidates, geopandas.read_file(labels))
    with atomic_path(out) as temporary:
        corrected.to_file(temporary, layer=out.stem, driver="GPKG")
