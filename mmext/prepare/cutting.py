"""Cutting scenes and their labels into a tile store: shared out, and resumable."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from mmext.engine.tasks import successes, task_runner
from mmext.errors import UserError, the_first_of
from mmext.fileio import atomic_path
from mmext.fileio.file_note import MAY_HAVE_CHANGED
from mmext.location import Location

from .cutting_settings import Cutting
from .part_note import PartNote, PartSource, finished_part
from .parts_folder import PartsFolder
from .put_together import put_together
from .scene_part import Look, cut_part, look
from .scenes import Scene, SceneFacts, refuse_difference
from .store_files import refuse_small_disk


def cut_scenes(
    scenes: Sequence[Scene],
    out: str | os.PathLike[str],
    cutting: Cutting,
    overwrite: bool = False,
    jobs: int = 1,
    cluster: str | None = None,
) -> dict[str, Any]:
    """Write a tile store.

    Tiles start at a scene's upper left corner and cover all of it; what reaches
    beyond its edge, and what is no-data, is 255 in the mask and 0 in the image. Of
    a scene only a strip of one tile's height is in memory.

    Each scene is cut into a part of its own, beside ``out``. A part that is there, made
    of the same files with the same options, is not cut again. What can't be cut does
    not stop the rest, but then there is no store. The store is the same whoever cut
    the parts, and in whatever order.

    Args:
        scenes: The scenes. All must agree in bands, data type, CRS and pixel size.
        out: The store's folder.
        cutting: How to cut.
        overwrite: Replace a store that is there. Nothing else is ever replaced.
        jobs: Processes that cut.
        cluster: Workers of a cluster that cut instead, see
            :func:`~mmext.engine.cluster.open_cluster`.

    Returns:
        The content of ``store.json``.

    Raises:
        UserError: A scene can't be read or does not fit the others, ``out`` is there
            already, or another process writes it.
    """
    out = Path(out)
    refuse_to_replace(out, overwrite)
    parts = PartsFolder(out)
    with parts.held():
        _cut_all(scenes, scenes, parts, cutting, jobs, cluster)
        return _make_store(scenes, out, parts, cutting, overwrite)


def cut_shard(
    scenes: Sequence[Scene],
    mine: Sequence[Scene],
    out: str | os.PathLike[str],
    cutting: Cutting,
    jobs: int = 1,
) -> None:
    """Cut some scenes of many, as :func:`cut_scenes` does; there is no store yet.

    Other processes, here or elsewhere, may cut other scenes at the same time.

    Args:
        scenes: All of the scenes.
        mine: Those to cut.
        out: The store's folder.
        cutting: How to cut.
        jobs: Processes that cut.

    Raises:
        UserError: A scene can't be read or does not fit the first one.
    """
    parts = PartsFolder(Path(out))
    # No lock: one that a killed job left on another machine would keep out the job
    # that is started in its place.
    parts.make()
    if mine:
        _cut_all(scenes, mine, parts, cutting, jobs, None)


def merge_parts(
    scenes: Sequence[Scene],
    out: str | os.PathLike[str],
    cutting: Cutting,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Make a store of scenes that were cut before; see :func:`cut_scenes`.

    Raises:
        UserError: A scene isn't cut, or as :func:`cut_scenes`.
    """
    out = Path(out)
    refuse_to_replace(out, overwrite)
    parts = PartsFolder(out)
    with parts.held():
        reasons = [_why_uncut(scene, parts.scenes, cutting) for scene in scenes]
        uncut = [reason for reason in reasons if reason is not None]
        if uncut:
            raise UserError(
                f"--merge: {len(uncut)} of {len(scenes)} scenes aren't cut: "
                f"{the_first_of(uncut)}; cut them with the same arguments, or leave "
                "them out"
            )
        return _make_store(scenes, out, parts, cutting, overwrite)


def _cut_all(
    scenes: Sequence[Scene],
    mine: Sequence[Scene],
    parts: PartsFolder,
    cutting: Cutting,
    jobs: int,
    cluster: str | None,
) -> None:
    """Cut those that aren't cut yet.

    Raises:
        UserError: Some can't be.
    """
    # What all must be like, and the labels of all, if they are one file: where they
    # can't be read, nobody needs to begin.
    first = look(scenes[0], parts.scenes, cutting)
    scenes[0].labels.read()
    failures: list[str] = []
    folder = parts.scenes.resolve()
    with task_runner(jobs, cluster) as run:
        items = [scene.for_all() for scene in mine] if cluster else mine
        looks = _Looks(first.note.facts, failures, items)
        tasks = run(look, items, folder, cutting)
        name = "Looking at scenes"
        for scene, found in successes(tasks, failures, len(items), "scene", name):
            looks.add(scene, found)
        looks.refuse_small_disk(folder, cutting)
        if mine is scenes and not failures:
            looks.refuse_stray_labels()
        uncut = looks.uncut
        if uncut:
            bar = jobs == 1 and cluster is None
            tasks = run(cut_part, uncut, folder, cutting, bar)
            for _ in successes(tasks, failures, len(uncut), "scene", "Cutting"):
                pass
    if len(scenes) == 1 and failures:
        raise UserError(failures[0])
    if failures:
        raise UserError(
            f"{len(failures)} of {len(mine)} scenes can't be cut: "
            f"{the_first_of(failures)}; the others are kept in {parts.path}, and a "
            "second call goes on from there"
        )


class _Looks:
    """What looks at scenes say, together.

    Args:
        first: What the first scene is like.
        failures: Gets a line for each scene that isn't like it.
        scenes: All that are looked at.
    """

    def __init__(
        self, first: SceneFacts, failures: list[str], scenes: Sequence[Scene]
    ) -> None:
        self.uncut: list[Scene] = []
        self._first = first
        self._failures = failures
        self._several = len(scenes) > 1
        self._tiles = {"cut": 0, "uncut": 0}
        self._near: dict[Location, bool] = {}
        self._scenes = scenes

    def add(self, scene: Scene, found: Look) -> None:
        """Take what a look says."""
        try:
            refuse_difference(scene.path, found.note.facts, self._first)
        except UserError as error:
            self._failures.append(str(error))
            tqdm.write(f"failed: {error}")
            return
        path = scene.labels.path
        self._near[path] = self._near.get(path, False) or found.note.is_near
        self._tiles["cut" if found.is_finished else "uncut"] += found.least_tiles
        if found.is_finished and self._several:
            tqdm.write(f"{scene}: cut already")
        if not found.is_finished:
            self.uncut.append(scene)
        if found.why_again:
            tqdm.write(f"{scene}: cut again, {found.why_again}")

    def refuse_small_disk(self, folder: Path, cutting: Cutting) -> None:
        """Refuse what surely has no room: the parts, and the store of them.

        Raises:
            UserError: There is less than they need.
        """
        tiles = self._tiles["uncut"]
        pixel = len(self._first.indexes) * np.dtype(self._first.dtype).itemsize + 1
        # A part that is a whole store is taken as it is.
        times = 2 if self._several else 1
        size = tiles * times + (times - 1) * self._tiles["cut"]
        refuse_small_disk(folder, tiles, size * cutting.tile_size**2 * pixel)

    def refuse_stray_labels(self) -> None:
        """Refuse polygons that lie on none of the scenes that they are for.

        Raises:
            UserError: There are some.
        """
        for path, near in self._near.items():
            if not near:
                names = [s.path for s in self._scenes if s.labels.path == path]
                more = f" or {len(names) - 1} more" if len(names) > 1 else ""
                raise UserError(
                    f"{path}: none of its polygons lies on {names[0]}{more}; is its "
                    "coordinate system the right one?"
                )


def _why_uncut(scene: Scene, parts: Path, cutting: Cutting) -> str | None:
    """Why a scene's part is not that of its task; None where it is."""
    try:
        found = finished_part(parts / scene.name, PartSource.of(scene, cutting))
    except UserError as error:
        return str(error)
    if found == MAY_HAVE_CHANGED:
        print(f"{scene}: {found} since it was cut")
        return None
    if isinstance(found, PartNote):
        return None
    return f"{scene}: {found or 'not cut yet'}"


def _make_store(
    scenes: Sequence[Scene],
    out: Path,
    parts: PartsFolder,
    cutting: Cutting,
    overwrite: bool,
) -> dict[str, Any]:
    """Put the parts together, and remove them."""
    with atomic_path(out) as folder:
        folder.mkdir()
        meta = put_together(scenes, parts.scenes, folder, cutting)
        refuse_to_replace(out, overwrite)
    parts.empty()
    return meta


def refuse_to_replace(out: Path, overwrite: bool) -> None:
    """Refuse a store's place that holds something else, or a store to be kept."""
    if not out.exists():
        return
    if not (out / "store.json").is_file():
        raise UserError(
            f"{out}: exists and is no tile store (no store.json), expected a new folder"
        )
    if not overwrite:
        raise UserError(f"{out}: exists already; --overwrite replaces it")
