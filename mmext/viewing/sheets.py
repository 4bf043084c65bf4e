"""Which sheets a folder of maps shows, and where the imagery below them is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyogrio

from mmext.checked import read_json
from mmext.errors import UserError
from mmext.mapping.label_review.verdicts import LAYER as CANDIDATES
from mmext.mapping.polygon_file import LAYER as OBJECTS
from mmext.mapping.predict_scene import result_paths
from mmext.mapping.put_together import MERGED
from mmext.mapping.scene_note import SceneNote, note_path

_CLASSES = "_class.tif"
#: In which objects over all sheets may have been written instead of a GeoPackage.
_OTHER_FORMATS = (".fgb", ".parquet")


@dataclass(frozen=True)
class Sheet:
    """A scene and its map; each part None where there is none.

    Attributes:
        name: What its files are called by.
        image: The imagery.
        probability: COG of probabilities.
        classes: COG of classes.
        objects: GeoPackage of objects: over all sheets, where they were put together.
        notes: What a reader should know of what is missing.
    """

    name: str
    image: Path | None
    probability: Path | None = None
    classes: Path | None = None
    objects: Path | None = None
    notes: tuple[str, ...] = ()

    @property
    def grid(self) -> Path:
        """The raster that says where the sheet lies."""
        path = self.classes or self.image
        assert path, "a sheet is made of one of them"
        return path


def find_sheets(folder: Path, images: Sequence[Path]) -> list[Sheet]:
    """The sheets that a folder has maps of, and the images that it has none of.

    A mapped sheet's imagery is the one of ``images`` with its name, or else the file
    that its note names.

    Args:
        folder: What ``mmext predict`` wrote into.
        images: Imagery given by name.

    Raises:
        UserError: Two images have one name, or there is nothing to show.
    """
    given: dict[str, Path] = {}
    for image in images:
        if image.stem in given:
            raise UserError(
                f"images: two are called {image.stem} ({given[image.stem]} and "
                f"{image}), expected one each"
            )
        given[image.stem] = image
    names = [
        path.name.removesuffix(_CLASSES)
        for path in folder.glob(f"[!.]*{_CLASSES}")
        if path.is_file()
    ]
    merged = _with_layer(folder / f"{MERGED}.gpkg", OBJECTS)
    sheets = [_mapped(folder, name, given, merged) for name in sorted(names)]
    known = set(names)
    sheets += [Sheet(name, path) for name, path in given.items() if name not in known]
    if not sheets:
        raise UserError(
            f"{folder}: has no map (NAME{_CLASSES}) and no image is given, expected a "
            "folder that mmext predict wrote into"
        )
    return sheets


def find_review(folder: Path) -> Path | None:
    """The review that lies in a folder, None where there is none.

    Raises:
        UserError: There are several.
    """
    found = [
        path
        for path in sorted(folder.glob("[!.]*.gpkg"))
        if _with_layer(path, CANDIDATES)
    ]
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise UserError(f"{folder}: has the reviews {names}, expected --review")
    return found[0] if found else None


def _mapped(
    folder: Path, name: str, given: dict[str, Path], merged: Path | None
) -> Sheet:
    scene = Path(f"{name}.tif")
    probability, classes, objects = result_paths(scene, folder)
    notes = []
    image = given.get(name)
    if image is None:
        image, note = _noted_image(note_path(scene, folder))
        notes += [note] if note else []
    if not probability.is_file():
        notes.append(f"{probability.name} is missing")
    own = _with_layer(objects, OBJECTS)
    for suffix in () if merged else _OTHER_FORMATS:
        if (folder / f"{MERGED}{suffix}").is_file():
            notes.append(f"{MERGED}{suffix} is not shown; objects end at sheets' edges")
    if not (merged or own):
        notes.append(f"{objects.name} has no objects that can be read")
    return Sheet(
        name,
        image,
        probability if probability.is_file() else None,
        classes,
        merged or own,
        tuple(notes),
    )


def _noted_image(note: Path) -> tuple[Path | None, str | None]:
    try:
        scene = read_json(note, SceneNote).scene
    except UserError as error:
        return None, f"no imagery: {error}"
    path = Path(scene)
    if not path.is_file():
        return None, f"no imagery: {scene} is not here"
    return path, None


def _with_layer(path: Path, layer: str) -> Path | None:
    """A GeoPackage that has a layer; None where it hasn't."""
    if not path.is_file():
        return None
    try:
        return path if layer in pyogrio.list_layers(path)[:, 0] else None
    except pyogrio.errors.DataSourceError:
        return None
