"""What is noted of a finished scene, so that a later call may skip it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mmext.checked import Finite, Index, read_json, settings
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.fileio.file_note import MAY_HAVE_CHANGED, FileNote
from mmext.inference.prediction_settings import PredictionSettings
from mmext.inference.predictor import Predictor
from mmext.location import Location

from .predict_scene import result_paths


@settings
class SceneNote:
    """Of what a scene's results were made, and how large they are.

    Attributes:
        scene: The input file; of one elsewhere what may be shown of its address.
        bytes: Its size; None if its server doesn't say.
        changed: When it was last written, in seconds since 1970; None elsewhere.
        model: The checkpoint's name.
        precision: What convolutions ran in.
        sha256: The checkpoint's hash.
        settings: How it was mapped.
        results: Bytes by name of the files that were written.
        version: Of a file elsewhere its ETag, or else Last-Modified.
    """

    scene: str
    bytes: Index | None
    changed: Finite | None
    model: str
    precision: str
    sha256: str
    settings: dict[str, Any]
    results: dict[str, Index]
    version: str | None = None

    @classmethod
    def of(
        cls,
        predictor: Predictor,
        scene: Location,
        out: Path,
        settings: PredictionSettings,
    ) -> "SceneNote":
        """The note that belongs to what lies in ``out`` now.

        Raises:
            NoSuchFileError: There is no such scene.
            UserError: Its server doesn't answer.
        """
        image = FileNote.of(scene)
        return cls(
            scene=image.file,
            bytes=image.bytes,
            changed=image.changed,
            model=predictor.path.name,
            precision=predictor.precision,
            sha256=predictor.sha256,
            settings=asdict(settings),
            results=result_sizes(scene, out),
            version=image.version,
        )

    @property
    def image(self) -> FileNote:
        """The input file as it was."""
        return FileNote(self.scene, self.bytes, self.changed, self.version)

    def save(self, path: Path) -> None:
        """Write as JSON."""
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=2) + "\n")


def result_sizes(scene: Location, out: Path) -> dict[str, int]:
    """Bytes by name of a scene's results that are there."""
    results = [path for path in result_paths(scene, out) if path.is_file()]
    return {path.name: path.stat().st_size for path in results}


def note_path(scene: Location, out: Path) -> Path:
    """Where a scene's note lies."""
    return out / f"{scene.stem}.json"


def why_not_finished(scene: Location, out: Path, now: SceneNote) -> str | None:
    """Why a scene must be mapped: empty if it never was, None if it need not be.

    Args:
        scene: The scene.
        out: Folder of the results.
        now: The note that a finished scene would have.
    """
    path = note_path(scene, out)
    if not path.is_file():
        return f"{out} has only a part of its results" if now.results else ""
    try:
        noted = read_json(path, SceneNote)
    except UserError as error:
        return f"its note is no use ({error})"
    if noted.image != now.image:
        return "it is another file than then"
    if (noted.model, noted.sha256) != (now.model, now.sha256):
        return f"another model, then {noted.model} {noted.sha256[:12]}"
    if noted.precision != now.precision:
        return f"--precision was {noted.precision}"
    changed = [
        key for key in now.settings if now.settings[key] != noted.settings.get(key)
    ]
    if changed or set(noted.settings) != set(now.settings):
        return f"other settings ({', '.join(changed) or 'of another version'})"
    for result in result_paths(scene, out):
        noted_size, size = (of.results.get(result.name) for of in (noted, now))
        if size is None:
            return f"{result.name} is missing"
        if size != noted_size:
            return f"{result.name} has {size} bytes, {noted_size} were noted"
    return None if now.image.is_certain else MAY_HAVE_CHANGED
