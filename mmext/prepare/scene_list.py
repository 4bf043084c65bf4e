"""Which scenes, with which labels, a command line means."""

import glob
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mmext.checked import FileName, checked
from mmext.errors import UserError
from mmext.fileio import read_table

from .labels import RASTER_SUFFIXES as LABEL_SUFFIXES
from .labels import RasterLabels, VectorLabels, read_labels
from .scenes import Scene

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
            here = expand_images(_lines(path))
        elif path.is_file():
            here = [path]
        else:
            here = [Path(match) for match in sorted(glob.glob(argument))]  # noqa: PTH207
        if not here:
            raise UserError(f"{argument}: no image there")
        found += here
    return found


def _lines(path: Path) -> list[str]:
    """What a text list names, a line each; it names no other list."""
    try:
        lines = [line.strip() for line in path.read_text("utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: can't be read as a list of images ({error})"
        ) from None
    for line in lines:
        if line.endswith(".txt"):
            raise UserError(f"{path}: names the list {line}, expected images")
    return [line for line in lines if line]


def _names(images: Sequence[Path]) -> list[str]:
    """What scenes are called: their files' names, each once."""
    names = [checked(FileName, image.stem, str(image)) for image in images]
    for name, number in Counter(names).items():
        if number > 1:
            raise UserError(
                f"IMAGES: {number} are called {name}, expected different names"
            )
    return names


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
    return [
        Scene(name, image, label)
        for name, image, label in zip(_names(images), images, shared, strict=True)
    ]


def folder_scenes(
    images: Sequence[Path], masks: Path, values: Sequence[int] | None = None
) -> list[Scene]:
    """Pair images with the masks of the same name in a folder.

    Raises:
        UserError: An image has no mask.
    """
    by_stem: dict[str, Path] = {}
    for path in sorted(masks.glob("*")):
        if path.suffix.lower() not in LABEL_SUFFIXES:
            continue
        if path.stem in by_stem:
            raise UserError(
                f"{masks}: has {by_stem[path.stem].name} and {path.name}, expected one "
                "mask for an image"
            )
        by_stem[path.stem] = path
    scenes = []
    for name, image in zip(_names(images), images, strict=True):
        if name not in by_stem:
            raise UserError(f"{image}: no mask of that name in {masks}")
        scenes.append(Scene(name, image, read_labels(by_stem[name], values=values)))
    return scenes


def select_split(images: Sequence[Path], table: Path, split: str) -> list[Path]:
    """The images that a CSV with the columns ``file`` and ``split`` puts in a split.

    Raises:
        UserError: There is no such file, column or split.
    """
    rows = read_table(table, ("file", "split"))
    wanted = {Path(row["file"]).stem for row in rows if row["split"] == split}
    chosen = [image for image in images if image.stem in wanted]
    absent = sorted(wanted - {image.stem for image in chosen})
    if not chosen:
        known = ", ".join(sorted({row["split"] for row in rows}))
        raise UserError(f"{table}: no image in split {split!r}, it has {known}")
    if absent:
        print(
            f"{table}: {len(absent)} of {len(wanted)} files of split {split!r} are not "
            f"among the images, such as {absent[0]}"
        )
    return chosen
