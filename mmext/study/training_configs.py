"""A study's trainings as config files, which can be trained and looked at by hand."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmext.engine.build_config import read_config
from mmext.engine.config_bases import find_beside
from mmext.errors import UserError
from mmext.fileio import atomic_path
from mmext.inference.config_data import plain_config, read_resolved_config

from .study_file import Study


def write_training_configs(study: Study, out: Path) -> list[Path]:
    """Write the config of every training that the arms name or grow from.

    Parents are found beside their children, so all lie in one folder; the study's own
    options, seeds and stores are not in them.

    Args:
        study: Whose trainings.
        out: Its folder; the files are ``configs/<training>.py`` in it.

    Returns:
        The arms' configs, each once.

    Raises:
        UserError: A config or an option of one is wrong, a parent is nowhere, or
            ``out`` holds a training of the same name and another config.
    """
    written: dict[str, Path] = {}
    for arm in study.arms:
        _write(arm.training, study.origin(arm.training), study, out, written)
    return [written[name] for name in dict.fromkeys(arm.training for arm in study.arms)]


def _write(
    name: str,
    made_of: tuple[Path, dict[str, Any]],
    study: Study,
    out: Path,
    written: dict[str, Path],
) -> None:
    if name in written:
        return
    origin, options = made_of
    try:
        config = read_config(origin, options)
    except UserError as error:
        if name not in study.trainings:
            raise
        raise UserError(f"{study.path}: trainings.{name}: {error}") from None
    written[name] = path = out / "configs" / f"{name}.py"
    _refuse_other(config, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        temporary.write_text(
            f"# {name} of {study.path}, from {origin}.\n{config.pretty_text}",
            encoding="utf-8",
        )
    for parent in _parents(config):
        beside = find_beside(origin, parent)
        as_it_is = parent not in study.trainings and beside.is_file()
        above = (beside, {}) if as_it_is else study.origin(parent)
        _write(parent, above, study, out, written)


def _parents(config: Config) -> list[str]:
    lineage = config.get("lineage")
    parents = lineage.get("parent", []) if isinstance(lineage, Mapping) else []
    names = [parents] if isinstance(parents, str) else [*parents]
    # What is no name is refused with the lineage.
    return [name for name in names if name and Path(name).name == name]


def _refuse_other(config: Config, path: Path) -> None:
    """Two studies may share a folder, but not one name for two trainings."""
    begun = sorted(path.parent.parent.glob(f"seed*/{path.stem}"))
    if not (path.exists() and begun):
        return
    key = _difference(read_resolved_config(path).to_dict(), plain_config(config))
    if key is not None:
        raise UserError(
            f"{begun[0]}: was trained by {path}, which has another {key}; expected "
            "another name for this training, or another folder for this study"
        )


def _difference(one: Any, other: Any, where: str = "") -> str | None:
    """The first dotted key that two plain values don't have in common."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return None if one == other else where
    for key in {**one, **other}:
        below = f"{where}.{key}".lstrip(".")
        if key not in one or key not in other:
            return below
        found = _difference(one[key], other[key], below)
        if found is not None:
            return found
    return None
