"""The scenes of a public data set, in the folder that it was unpacked to."""

import re
from collections.abc import Sequence
from pathlib import Path

from mmext.errors import UserError

from .labels import LabelSource
from .published_sets import Files, PublishedSet
from .scene_list import scene_names
from .scenes import Scene


def published_scenes(
    known: PublishedSet, folder: Path, split: str, target: str
) -> list[Scene]:
    """The images of a split, with their labels. What the split lacks is printed.

    Args:
        known: The data set.
        folder: Where it was unpacked.
        split: One of ``known.splits``.
        target: One of ``known.classes``.

    Raises:
        UserError: The folder holds no image of the split, an image has no label, or a
            label holds a value that the set has not.
    """
    root, files, images = _find(known, folder, split)
    listed = _listed(root, files, images)
    chosen = [image for image in images if listed is None or image.stem in listed]
    if not chosen:
        raise UserError(f"{root / files.listed}: none of its images is there")
    _say_what_is_missing(known, root, files, split, listed, chosen)
    labels = [_label_of(root, files, image) for image in chosen]
    value = known.classes[target]
    scenes = [
        Scene(
            name,
            image,
            LabelSource(
                label,
                values=(value,),
                ignored=tuple(known.ignored),
                known=tuple(sorted(known.values)),
                band=known.label_band,
            ),
        )
        for name, image, label in zip(scene_names(chosen), chosen, labels, strict=True)
    ]
    for scene in scenes:
        scene.labels.read()
    return scenes


def _find(
    known: PublishedSet, folder: Path, split: str
) -> tuple[Path, Files, list[Path]]:
    """Where below the folder the set lies, how it is packed, and a split's images."""
    for place in known.folders:
        for files in known.splits[split]:
            images = [
                image
                for image in sorted((folder / place).glob(files.images))
                if re.fullmatch(files.names or ".*", image.stem)
            ]
            if images:
                return folder / place, files, images
    looked = " or ".join(
        dict.fromkeys(
            (Path(place) / files.images).as_posix()
            for place in known.folders
            for files in known.splits[split]
        )
    )
    raise UserError(
        f"{folder}: has no images of {known.title}'s split {split}, expected {looked}"
        + (f"; {known.hint}" if known.hint else "")
    )


def _listed(root: Path, files: Files, images: Sequence[Path]) -> set[str] | None:
    """Names without suffix that the split's list has; None where all are meant."""
    if not files.listed:
        return None
    path = root / files.listed
    try:
        lines = path.read_text(encoding="utf-8-sig").split()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: can't be read ({error})") from None
    # Names may have dots: only what the images end in is a suffix.
    suffix = images[0].suffix
    return {line.removesuffix(suffix) for line in lines}


def _say_what_is_missing(
    known: PublishedSet,
    root: Path,
    files: Files,
    split: str,
    listed: set[str] | None,
    chosen: Sequence[Path],
) -> None:
    hint = f"; {known.hint}" if known.hint else ""
    absent = sorted((listed or set()) - {image.stem for image in chosen})
    if absent:
        print(
            f"{root / files.listed}: {len(absent)} of {len(listed or ())} images are "
            f"not there, such as {absent[0]}{hint}"
        )
    elif len(chosen) != known.images[split]:
        print(
            f"{root}: has {len(chosen)} images of split {split}, {known.title} has "
            f"{known.images[split]}"
        )


def _label_of(root: Path, files: Files, image: Path) -> Path:
    relative = image.relative_to(root).as_posix()
    label = root / re.sub(*files.labels, relative)
    if not label.is_file():
        raise UserError(f"{image}: has no label, expected {label}")
    return label
