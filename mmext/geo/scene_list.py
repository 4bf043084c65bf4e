"""Which scenes, with which labels, a command line means."""

import glob
from collections.abc import Sequence
from pathlib import Path

from mmext.errors import UserError
from mmext.fileio import read_table
from mmext.geo.cutting import Scene
from mmext.geo.labels import RasterLabels, VectorLabels, read_labels

RASTER_SUFFIXES = (".tif", ".tiff", ".vrt", ".png", ".jpg", ".jpeg", ".jp2", ".bmp")


def expand_images(arguments: Sequence[str]) -> list[Path]:
    """Raster files named by files, folders, globs and text lists (``.txt``).

    Raises:
        UserError: An argument names nothing.
    """
    found: list[Path] = []
    for argument in arguments:
        path = Path(argument)
        if path.is_dir():
            here = sorted(
                p for p in path.iterdir() if p.suffix.lower() in RASTER_SUFFIXES
            )
        elif path.suffix == ".txt" and path.is_file():
            lines = [line.strip() for line in path.read_text().splitlines()]
            here = expand_images([line for line in lines if line])
        elif path.is_file():
            here = [path]
        else:
            here = [Path(match) for match in sorted(glob.glob(argument))]  # noqa: PTH207
        if not here:
            raise UserError(f"{argument}: no image there")
        found += here
    return found


def scenes_with_labels(
    images: Sequence[Path], labels: Sequence[VectorLabels | RasterLabels]
) -> list[Scene]:
    """Pair images with labels: one for all of them, or one for each.

    Raises:
        UserError: The numbers don't match, or two images have one name.
    """
    if len(labels) not in (1, len(images)):
        raise UserError(
            f"--labels: {len(labels)} files for {len(images)} images, expected one for "
            "all or one for each"
        )
    shared = list(labels) * len(images) if len(labels) == 1 else list(labels)
    names = [image.stem for image in images]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"--images: two are called {name}, expected one each")
    return [
        Scene(name, image, label)
        for name, image, label in zip(names, images, shared, strict=True)
    ]


def folder_scenes(
    images: Sequence[Path], masks: Path, values: Sequence[int] | None = None
) -> list[Scene]:
    """Pair images with the masks of the same name in a folder.

    Raises:
        UserError: An image has no mask.
    """
    by_stem = {path.stem: path for path in sorted(masks.glob("*")) if path.is_file()}
    scenes = []
    for image in images:
        if image.stem not in by_stem:
            raise UserError(f"{image}: no mask of that name in {masks}")
        mask = read_labels(by_stem[image.stem], values=values)
        scenes.append(Scene(image.stem, image, mask))
    return scenes


def select_split(images: Sequence[Path], table: Path, split: str) -> list[Path]:
    """The images that a CSV with the columns ``file`` and ``split`` puts in a split.

    Raises:
        UserError: There is no such file, column or split.
    """
    rows = read_table(table, ("file", "split"))
    wanted = {Path(row["file"]).stem for row in rows if row["split"] == split}
    chosen = [image for image in images if image.stem in wanted]
    if not chosen:
        known = ", ".join(sorted({row["split"] for row in rows}))
        raise UserError(f"{table}: no image in split {split!r}, it has {known}")
    return chosen
