"""``mmext review``."""

from collections.abc import Mapping
from typing import Annotated

from cyclopts import Parameter

from mmext.checked import Index
from mmext.cli.arguments import (
    CheckpointPath,
    Device,
    ExistingFile,
    ExistingFolder,
    OutputFile,
    ReadableFile,
)
from mmext.ending import interrupt_when_terminated
from mmext.errors import UserError
from mmext.inference.device import choose_device
from mmext.location import locate


def review(
    snapshot: ExistingFile | None = None,
    checkpoint: CheckpointPath | None = None,
    /,
    *,
    store: ExistingFolder | None = None,
    tolerance: Index = 2,
    planted: ReadableFile | None = None,
    device: Device | None = None,
    candidates: Annotated[ExistingFile | None, Parameter(name="--apply")] = None,
    labels: ReadableFile | None = None,
    label_layer: str | None = None,
    label_where: str | None = None,
    out: OutputFile,
    force: bool = False,
    overwrite: bool = False,
) -> None:
    r"""List labels that look wrong, and apply an annotator's verdicts.

    Writes review.gpkg (layer candidates, ranked, with an empty verdict to fill in),
    review_thumbnails/ and review.html, a contact sheet. With --apply, writes the labels
    anew, corrected by the candidates whose verdict is accept.

        mmext review work_dirs/stage1_trunk/error_bank_epoch_200.npz \
            work_dirs/stage1_trunk/epoch_200.pth --store data/train \
            --labels fields.gpkg --out review.gpkg
        mmext review --apply review.gpkg --labels fields.gpkg --out corrected.gpkg

    Args:
        snapshot: Error bank after an epoch, error_bank_epoch_N.npz, with counts.
        checkpoint: Checkpoint, epoch_N.pth, of the finished training.
        store: Tile store that the snapshot is of.
        tolerance: Errors along an outline count if they are wider, in pixels.
        planted: Errors that mmext scenes planted, to compare rankings with.
        device: Where the network runs: cpu, cuda or cuda:N (default: a GPU if there is
            one).
        candidates: Candidates with verdicts, whose labels to correct.
        labels: Labels, as polygons, that the store was cut with.
        label_layer: Layer of the labels, if their file has several.
        label_where: Which labels count, as an SQL condition.
        out: Where results go, a new GeoPackage.
        force: Apply implausible replacements as well.
        overwrite: Replace what is there, corrected labels; a review is never replaced.
    """
    reviewing = {"SNAPSHOT": snapshot, "CHECKPOINT": checkpoint, "--store": store}
    if labels is None and (label_layer or label_where):
        raise UserError("--label-layer, --label-where: given without --labels")
    found = None if labels is None else locate(labels)
    interrupt_when_terminated()
    if candidates:
        _expect(
            {"--apply": candidates, "--labels": labels},
            reviewing | {"--planted": planted, "--device": device},
        )
        from mmext.mapping.label_review import apply_review

        assert found
        apply_review(candidates, found, out, label_layer, label_where, force, overwrite)
        return
    _expect(reviewing, {"--force": force or None, "--overwrite": overwrite or None})
    from mmext.mapping.label_review import make_review

    assert snapshot and store and checkpoint
    make_review(
        snapshot,
        store,
        checkpoint,
        out,
        found,
        label_layer,
        label_where,
        tolerance,
        None if planted is None else locate(planted),
        choose_device(device),
    )


def _expect(needed: Mapping[str, object], others: Mapping[str, object]) -> None:
    for name, value in needed.items():
        if value is None:
            raise UserError(f"{name}: missing, expected {' and '.join(needed)}")
    for name, value in others.items():
        if value is not None:
            raise UserError(f"{name}: not expected with {' and '.join(needed)}")
