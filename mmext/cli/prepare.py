"""``mmext prepare``."""

from typing import Annotated

from cyclopts import Group, Parameter
from pydantic import Field

from mmext.checked import Count
from mmext.cli.arguments import (
    AssetKeys,
    ExistingFile,
    ExistingFolder,
    OutputFolder,
    ReadableFile,
    Shard,
    all_or_none,
    at_most_one,
    exactly_one,
    shard_of,
)
from mmext.errors import UserError
from mmext.prepare.cutting_settings import Cutting

_LABELS = Group("Labels: one of", validator=exactly_one, sort_key=1)
_SPLIT = Group("A part of the images", validator=all_or_none)
_MANY = Group("Many scenes", validator=at_most_one, sort_key=2)
_DEFAULTS = Cutting()


def prepare(
    images: Annotated[list[str], Field(min_length=1)],
    /,
    *,
    labels: Annotated[
        list[ReadableFile] | None, Field(min_length=1), Parameter(group=_LABELS)
    ] = None,
    masks: Annotated[ExistingFolder | None, Parameter(group=_LABELS)] = None,
    out: OutputFolder,
    overwrite: bool = False,
    label_layer: str | None = None,
    label_where: str | None = None,
    all_touched: bool = False,
    label_values: Annotated[list[int] | None, Field(min_length=1)] = None,
    label_ignore: Annotated[list[int] | None, Field(min_length=1)] = None,
    split_csv: Annotated[ExistingFile | None, Parameter(group=_SPLIT)] = None,
    split: Annotated[str | None, Parameter(group=_SPLIT)] = None,
    asset: AssetKeys | None = None,
    jobs: Count = 1,
    shard: Annotated[Shard | None, Parameter(group=_MANY)] = None,
    merge: Annotated[bool, Parameter(group=_MANY)] = False,
    cluster: Annotated[str | None, Parameter(group=_MANY)] = None,
    cutting: Annotated[Cutting, Parameter(name="*")] = _DEFAULTS,
) -> None:
    r"""Cut orthophotos and labels into a tile store.

    Polygons, in any coordinate system:

        mmext prepare ortho_*.tif --labels fields.gpkg \
            --label-where "crop = 'ginseng'" --out data/ginseng/train

    A label raster, on the same grid or another:

        mmext prepare a.tif --labels a_mask.tif --out data/a

    Folders of images and masks of the same names:

        mmext prepare img_dir --masks ann_dir --out data/b \
            --split-csv splits.csv --split train

    Scenes that are cut are kept in OUT.parts until the store is whole, and a second
    call goes on from there. Many are cut by several processes, by any number of calls
    on machines that share a disk and one more that puts them together, or by the
    workers of a dask cluster; the store is the same.

        mmext prepare sheets/ --labels fields.gpkg --out data/c --jobs 4
        mmext prepare sheets/ --labels fields.gpkg --out data/c --shard 0/2
        mmext prepare sheets/ --labels fields.gpkg --out data/c --shard 1/2
        mmext prepare sheets/ --labels fields.gpkg --out data/c --merge
        mmext prepare sheets/ --labels fields.gpkg --out data/c --cluster local

    Args:
        images: Images: files, folders, globs, .txt lists; URLs, objects of a store
            (s3://, gs://, az://), STAC items.
        labels: Labels, as polygons or rasters, one file for all images or one for
            each, in their order.
        masks: Folder of masks called like the images.
        out: Where results go, a folder: the store.
        overwrite: Replace what is there, a store.
        label_layer: Layer of the labels, if their file has several.
        label_where: Which labels count, as an SQL condition.
        all_touched: Mark every pixel that a polygon touches, not only those whose
            centre it covers.
        label_values: Raster values that mean target.
        label_ignore: Raster values that are neither target nor background, such as
            those of pixels that nobody labelled; with --label-values.
        split_csv: CSV with columns file, split.
        split: Which split of --split-csv to take.
        asset: Which assets of STAC items, by their keys (default: an item's only
            raster).
        jobs: How many at once: scenes, each in a process of its own.
        shard: Part I of N alone, I/N with I from 0: cut it, and make no store.
        merge: Put together what is finished, and cut nothing; all scenes must be.
        cluster: By the workers of a dask cluster: local, local:N for N processes
            here, tcp://HOST:PORT or a scheduler's .json file.
        cutting: How scenes are cut.
    """
    from mmext.datasets.store_record import store_line
    from mmext.datasets.tile_store import TileStore
    from mmext.location import locate
    from mmext.prepare.cutting import cut_scenes, cut_shard, merge_parts
    from mmext.prepare.labels import LabelSource
    from mmext.prepare.scene_list import (
        expand_images,
        folder_scenes,
        scenes_with_labels,
        select_split,
    )
    from mmext.prepare.store_preview import write_preview

    if masks and (label_layer or label_where or all_touched):
        raise UserError(
            "--label-layer, --label-where and --all-touched: are for polygons, not "
            "expected with --masks"
        )
    ignored = tuple(label_ignore or ())
    if ignored and not label_values:
        raise UserError("--label-ignore: given without --label-values")
    if set(ignored) & set(label_values or ()):
        raise UserError("--label-ignore: holds a value of --label-values")
    if jobs > 1 and (merge or cluster):
        raise UserError(
            "--jobs: is for scenes that are cut here, not expected with --merge or "
            "--cluster"
        )
    paths = expand_images(images, asset or ())
    if split_csv and split is not None:
        paths = select_split(paths, split_csv, split)
    values = tuple(label_values) if label_values else None
    if masks:
        scenes = folder_scenes(paths, masks, values, ignored)
    else:
        options = (label_layer, label_where, all_touched, values, ignored)
        scenes = scenes_with_labels(
            paths, [LabelSource(locate(path), *options) for path in labels or ()]
        )
    if shard:
        mine = shard_of(scenes, shard)
        print(f"--shard {shard}: {len(mine)} of {len(scenes)} scenes")
        cut_shard(scenes, mine, out, cutting, jobs)
        return
    if merge:
        meta = merge_parts(scenes, out, cutting, overwrite)
    else:
        meta = cut_scenes(scenes, out, cutting, overwrite, jobs, cluster)
    write_preview(TileStore(out), out / "preview.png")
    print(store_line(out, meta))
