"""What is noted of a scene that is cut, so that a later call may skip it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from mmext.checked import Index, read_json, settings
from mmext.errors import UserError
from mmext.fileio.file_note import MAY_HAVE_CHANGED, FileNote

from .cutting_settings import Cutting
from .scenes import Scene, SceneFacts, SceneGrid

#: Files of a part, beside its note.
IMAGES, MASKS, NUMBERS = "images.npy", "masks.npy", "tiles.npy"
_NOTE = "part.json"


@settings
class PartSource:
    """Of what a part is made, and how.

    Attributes:
        image: The scene's file.
        labels: The label file, and what belongs to it.
        settings: Options of labels and of cutting, as JSON texts by name.
    """

    image: FileNote
    labels: list[FileNote]
    settings: dict[str, str]

    @classmethod
    def of(cls, scene: Scene, cutting: Cutting) -> "PartSource":
        """The source of a part that is cut now.

        Raises:
            NoSuchFileError: There is no such scene.
            UserError: There are no such labels, or a server doesn't answer.
        """
        options = scene.labels.options() | asdict(cutting)
        texts = {name: json.dumps(value) for name, value in options.items()}
        return cls(FileNote.of(scene.path), scene.labels.notes(), texts)

    @property
    def is_certain(self) -> bool:
        """Whether it would be another if a file had changed."""
        return all(note.is_certain for note in (self.image, *self.labels))


@settings
class PartNote:
    """A scene's tiles as they were cut.

    Attributes:
        format: Of the part's files.
        source: Of what they are made.
        facts: What the scenes of a store have in common.
        grid: Where the scene's pixels lie.
        remarks: What a user should know of the scene.
        is_near: Whether any label can lie on the scene.
        label_note: What a user should know of the labels.
        tiles: How many there are.
        empty: Tiles left out that show nothing.
        few: Tiles left out that show too little.
        labelled: Pixels of the tiles that have a label.
        target: Pixels of the tiles that are target.
        results: Bytes by name of the part's files.
    """

    format: Literal[1]
    source: PartSource
    facts: SceneFacts
    grid: SceneGrid
    remarks: list[str]
    is_near: bool = True
    label_note: str = ""
    tiles: Index = 0
    empty: Index = 0
    few: Index = 0
    labelled: Index = 0
    target: Index = 0
    results: dict[str, Index] | None = None

    def save(self, part: Path) -> None:
        """Write as JSON into a part's folder."""
        (part / _NOTE).write_text(json.dumps(asdict(self)) + "\n")


def result_sizes(part: Path) -> dict[str, int]:
    """Bytes by name of a part's files that are there."""
    files = (part / name for name in (IMAGES, MASKS, NUMBERS))
    return {path.name: path.stat().st_size for path in files if path.is_file()}


def read_part(part: Path) -> PartNote:
    """The note of a part whose files are as it says.

    Raises:
        UserError: There is none, it is damaged, or the files are others.
    """
    note = read_json(part / _NOTE, PartNote)
    if result_sizes(part) != note.results:
        raise UserError(f"{part}: its files aren't those that were noted")
    return note


def finished_part(part: Path, now: PartSource) -> PartNote | str:
    """The note of a finished part, or why the scene must be cut.

    Args:
        part: The part's folder.
        now: What it would be made of now.

    Returns:
        Empty text if the scene never was cut.
    """
    if not part.exists():
        return ""
    try:
        note = read_part(part)
    except UserError as error:
        return f"its part is no use ({error})"
    then = note.source
    if then.image != now.image:
        return "it is another file than then"
    if then.labels != now.labels:
        return "its labels are another file than then"
    if then.settings != now.settings:
        names = sorted({*then.settings, *now.settings})
        changed = [k for k in names if then.settings.get(k) != now.settings.get(k)]
        return f"other settings ({', '.join(changed)})"
    return note if now.is_certain else MAY_HAVE_CHANGED
