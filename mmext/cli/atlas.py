"""``mmext atlas``."""

from mmext.cli.arguments import ExistingFile, ExistingFolder, OutputFolder


def atlas(
    snapshot: ExistingFile, /, *, store: ExistingFolder, out: OutputFolder
) -> None:
    r"""Show where a model kept being wrong: rasters and ranked regions for QGIS.

    Writes SCENE_errors.tif per scene and error_atlas.gpkg. A snapshot without counts
    says only where, not how often and when.

        mmext atlas work_dirs/stage1_trunk/error_bank_epoch_200.npz \
            --store data/train --out work_dirs/atlas

    Args:
        snapshot: Error bank after an epoch, error_bank_epoch_N.npz.
        store: Tile store that the snapshot is of.
        out: Where results go, a folder.
    """
    from mmext.mapping.error_atlas import write_atlas

    for path in write_atlas(snapshot, store, out):
        print(path)
