"""``mmext export``."""

import json
from pathlib import Path
from typing import Literal

from mmext.checked import Count, Index
from mmext.cli.arguments import CheckpointPath, ExistingFolder, OutputPlace
from mmext.errors import UserError

#: For whom an export is: mmext, QGIS's plugins as well, or people and catalogues.
Form = Literal["onnx", "qgis", "folder"]


def export(
    checkpoint: CheckpointPath,
    /,
    *,
    out: OutputPlace,
    to: Form = "onnx",
    int8: ExistingFolder | None = None,
    tiles: Count = 64,
    seed: Index = 0,
    check: ExistingFolder | None = None,
    overwrite: bool = False,
    push_to_hub: str | None = None,
) -> None:
    r"""Export a checkpoint to one ONNX file that maps scenes, or to a folder.

    The file takes batches of any number, and windows of any size that is a multiple of
    the network's pooling grid. It is compared with torch when it is written. With
    --int8 it computes in 8-bit integers, which is faster on a CPU and less exact; how
    much less, --check says. With --to qgis the plugin Deepness and GeoDeep read the
    file as well as mmext predict does; it then decides by single pixels alone. With
    --to folder it is a folder of safetensors weights, config, model card with the
    scores that lie beside the checkpoint, and STAC item, which goes wherever a
    checkpoint goes.

        mmext export work_dirs/demo/stage2_A100-200/epoch_32.pth --out model.onnx
        mmext export work_dirs/demo/stage2_A100-200/epoch_32.pth --out int8.onnx \
            --int8 data/demo/train --check data/demo/test
        mmext export work_dirs/demo/stage2_A100-200/epoch_32.pth --out qgis.onnx \
            --to qgis
        mmext export work_dirs/demo/stage2_A100-200/epoch_32.pth --out dead_trees \
            --to folder
        mmext predict model.onnx ortho.tif --out map

    Args:
        checkpoint: Checkpoint, epoch_N.pth, or a model's folder.
        out: Where results go, an .onnx file or, with --to folder, a folder.
        to: For whom it is: mmext itself, QGIS's plugins as well, or people and
            catalogues.
        int8: Training store, to calibrate 8-bit integers on.
        tiles: How many of its tiles are taken for that.
        seed: Where random numbers start: which tiles.
        check: Tile store on which the file is compared with torch, by IoU and decided
            pixels.
        overwrite: Replace what is there, a model's folder.
        push_to_hub: Also upload the folder, to OWNER/NAME on the Hugging Face Hub.
    """
    if to == "folder":
        if int8 or check or (tiles, seed) != (64, 0):
            raise UserError(
                "--int8, --check, --tiles, --seed: given with --to folder, expected "
                "with an ONNX file"
            )
        _to_folder(checkpoint, out, overwrite, push_to_hub)
        return
    if overwrite or push_to_hub:
        raise UserError("--overwrite, --push-to-hub: given without --to folder")
    if out.is_dir():
        raise UserError(f"--out: is '{out}', expected a file, not a folder")
    from mmext.datasets.tile_store import TileStore
    from mmext.evaluation.agreement import agreement
    from mmext.inference.backends import (
        export_for_qgis,
        export_int8,
        export_onnx,
        installed_backends,
        open_predictor,
    )
    from mmext.inference.backends.eager import eager_predictor
    from mmext.inference.backends.export import reach_of
    from mmext.inference.backends.for_qgis import decided_by_pixel, left_out, seams
    from mmext.inference.checkpoint import load_model

    if int8 is None and (tiles, seed) != (64, 0):
        raise UserError("--tiles and --seed: given without --int8")
    if int8 is not None and to != "onnx":
        raise UserError(f"--int8: given with --to {to}, expected with --to onnx")
    loaded = load_model(checkpoint)
    checked_on = None if check is None else TileStore(check)
    if to == "qgis":
        difference, written = export_for_qgis(loaded, out)
        print(f"{out}: differs from torch by at most {difference:.2g}")
        shown = ", ".join(f"{key} {text}" for key, text in written.items())
        print(f"{out}: plugins read {shown}")
        overlap = json.loads(written["tiles_overlap"])
        for note in (
            left_out(loaded.model.union_decoder),
            seams(reach_of(loaded), overlap),
        ):
            if note:
                print(f"{out}: {note}")
    elif int8 is None:
        difference = export_onnx(loaded, out)
        print(f"{out}: differs from torch by at most {difference:.2g}")
    else:
        difference = export_int8(loaded, out, TileStore(int8), tiles, seed)
        precision = open_predictor(out, "onnxruntime").precision
        print(
            f"{out}: {precision}; before it was quantised, it differed from torch by "
            f"at most {difference:.2g}"
        )
    if checked_on is not None:
        reference = eager_predictor(loaded)
        if to == "qgis":
            reference = decided_by_pixel(reference)
        for name in installed_backends():
            found = agreement(reference, open_predictor(out, name), checked_on)
            print(f"{check} with {name}: {found}")


def _to_folder(
    checkpoint: Path, out: Path, overwrite: bool, repository: str | None
) -> None:
    from mmext.sharing import push_to_hub, refuse_without_hub, share_model

    if repository is not None:
        refuse_without_hub(repository)
    share_model(checkpoint, out, overwrite)
    print(f"{out}: weights, config, model card and STAC item; the licence is unknown")
    if repository is not None:
        print(f"{push_to_hub(out, repository)}: uploaded, private if it is new")
