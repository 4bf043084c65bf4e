"""Which scenes, with which labels, a command line means."""

import glob
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmext.checked import FileName, checked
from mmext.errors import UserError
from mmext.fileio import read_table
from mmext.fileio.remote import content_type, read_text
from mmext.location import Address, Location, beside, locate

from .labels import RASTER_SUFFIXES as LABEL_SUFFIXES
from .labels import LabelSource
from .scenes import Scene
from .stac_item import item_rasters

RASTER_SUFFIXES = (".tif", ".tiff", ".vrt", ".png", ".jpg", ".jpeg", ".jp2", ".bmp")
#: Bytes of a text list: some hundred thousand signed addresses.
_MAX_LIST = 1 << 28


def expand_images(
    arguments: Sequence[str], assets: Sequence[str] = ()
) -> list[Location]:
    """Rasters named by files, folders, globs, addresses, STAC items and text lists.

    Args:
        arguments: A list (``.txt``) has a line each of whatever else may stand here;
            one that lies elsewhere names files from where it lies.
        assets: Which of an item's assets; none for its only raster.

    Raises:
        UserError: An argument names nothing, or assets are named and no item is.
    """
    expansion = _Expansion(assets)
    for argument in arguments:
        expansion.add(locate(argument))
    if assets and not expansion.items:
        raise UserError("--asset: given without a STAC item")
    return expansion.found


@dataclass
class _Expansion:
    """What arguments name, so far.

    Attributes:
        assets: Which of an item's assets.
        found: The rasters.
        items: How many STAC items were among the arguments.
    """

    assets: Sequence[str]
    found: list[Location] = field(default_factory=list)
    items: int = 0

    def add(self, place: Location) -> None:
        """Take what a path or an address names."""
        suffix = place.suffix.lower()
        if suffix == ".txt" and (isinstance(place, Address) or place.is_file()):
            for line in _lines(place):
                elsewhere = isinstance(place, Address)
                self.add(beside(place, line) if elsewhere else locate(line))
        elif _is_item(place):
            self.items += 1
            self.found += item_rasters(place, self.assets)
        else:
            here = [place] if isinstance(place, Address) else _here(place)
            if not here:
                raise UserError(f"{place}: no image there")
            self.found += here


def _here(path: Path) -> Sequence[Location]:
    """What a file, folder or glob of this machine names."""
    if path.is_dir():
        return sorted(p for p in path.iterdir() if p.suffix.lower() in RASTER_SUFFIXES)
    if path.is_file():
        return [path]
    return [Path(match) for match in sorted(glob.glob(str(path)))]  # noqa: PTH207


def _is_item(place: Location) -> bool:
    if place.suffix.lower() in (".json", ".geojson"):
        return isinstance(place, Address) or place.is_file()
    # Catalogues with an API call items by their id alone.
    is_bare = isinstance(place, Address) and not place.suffix
    return is_bare and "json" in content_type(place)


def _lines(path: Location) -> list[str]:
    """What a text list names, a line each; it names no other list."""
    text = read_text(path, "a list of images", _MAX_LIST)
    lines = [line.strip() for line in text.splitlines()]
    for line in lines:
        if line.partition("?")[0].endswith(".txt"):
            raise UserError(f"{path}: names the list {line}, expected images")
    if not any(lines):
        raise UserError(f"{path}: is an empty list, expected a line for each image")
    return [line for line in lines if line]


def scene_names(images: Sequence[Location], argument: str = "IMAGES") -> list[str]:
    """What scenes are called: their files' names, each once.

    Args:
        images: The scenes.
        argument: What a user calls them.

    Raises:
        UserError: Two have one name, or one can't be a file's.
    """
    names = [checked(FileName, image.stem, str(image)) for image in images]
    for name, number in Counter(names).items():
        if number > 1:
            raise UserError(
                f"{argument}: {number} are called {name}, expected different names"
            )
    return names


def scenes_with_labels(
    images: Sequence[Location], labels: Sequence[LabelSource]
) -> list[Scene]:
    """Pair images with labels: one for all of them, or one for each in their order.

    Raises:
        UserError: The numbers don't match, two images have one name, or labels that
            begin with an image's name stand in another's place.
    """
    if len(labels) not in (1, len(images)):
        raise UserError(
            f"--labels: {len(labels)} files for {len(images)} images, expected one for "
            "all or one for each"
        )
    names = scene_names(images)
    shared = list(labels) * len(images) if len(labels) == 1 else list(labels)
    if len(labels) > 1:
        _refuse_another_order(names, labels)
    return [
        Scene(name, image, label)
        for name, image, label in zip(names, images, shared, strict=True)
    ]


def _refuse_another_order(names: Sequence[str], labels: Sequence[LabelSource]) -> None:
    """A shell sorts a_1.tif before a_10.tif, and a_10_roofs.gpkg before a_1_roofs."""
    own = dict(zip(names, labels, strict=True))
    for name, label in zip(names, labels, strict=True):
        stem = label.path.stem
        # Whole words of the name, the most of them first.
        ends = [i for i in range(len(stem), 0, -1) if not stem[i : i + 1].isalnum()]
        meant = next((stem[:i] for i in ends if stem[:i] in own), name)
        # A file may stand for several images, the one it is called like among them.
        if own[meant].path != label.path:
            raise UserError(
                f"--labels: {label.path} stands in the place of {name}'s labels, and "
                f"is called like {meant}'s; expected the order of the images"
            )


def folder_scenes(
    images: Sequence[Location],
    masks: Path,
    values: tuple[int, ...] | None = None,
    ignored: tuple[int, ...] = (),
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
    for name, image in zip(scene_names(images), images, strict=True):
        if name not in by_stem:
            raise UserError(f"{image}: no mask of that name in {masks}")
        labels = LabelSource(by_stem[name], values=values, ignored=ignored)
        scenes.append(Scene(name, image, labels))
    return scenes


def select_split(images: Sequence[Location], table: Path, split: str) -> list[Location]:
    """The images that a CSV with the columns ``file`` and ``split`` puts in a split.

    Raises:
        UserError: There is no such file, column or split.
    """
    rows = read_table(table, ("file", "split"))
    wanted = {locate(row["file"]).stem for row in rows if row["split"] == split}
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
