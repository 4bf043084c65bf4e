"""What arguments of commands may be: files, folders, devices, settings of configs.

A value that is no use is refused before a command does anything.
"""

import os
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import ArgumentCollection, Parameter, Token
from pydantic import AfterValidator, Field

from mmext.checked import T, adapter
from mmext.errors import UserError
from mmext.inference.device import known_device
from mmext.location import is_elsewhere, locate
from mmext.shipped_configs import find_shipped, is_shipped_name


def _existing_file(path: Path) -> Path:
    if path.is_dir():
        raise ValueError("a file, not a folder")
    if not path.exists():
        raise ValueError("an existing file")
    return path


def _existing(path: Path) -> Path:
    if not path.exists():
        raise ValueError("an existing file or folder")
    return path


def _existing_folder(path: Path) -> Path:
    if not path.is_dir():
        found = "a folder, not a file" if path.exists() else "an existing folder"
        raise ValueError(found)
    return path


def _output_folder(path: Path) -> Path:
    if path.exists() and not path.is_dir():
        raise ValueError("a folder, not a file")
    _refuse_unwritable(path if path.is_dir() else path.parent)
    return path


def _output_file(path: Path) -> Path:
    if path.is_dir():
        raise ValueError("a file, not a folder")
    _refuse_unwritable(path.parent)
    return path


def _refuse_unwritable(folder: Path) -> None:
    while not (folder.exists() or folder.is_symlink()):
        folder = folder.parent
    if not folder.is_dir():
        raise ValueError(f"a place in a folder, {folder} is none")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ValueError(f"a place that can be written to, {folder} can't")


def _checkpoint(path: Path) -> Path:
    # Written out: what reads such folders brings torch along.
    if path.is_dir() and not (path / "model.json").is_file():
        raise ValueError("a file, or a folder that holds a model.json")
    return path if path.is_dir() else _existing_file(path)


def _output_place(path: Path) -> Path:
    _refuse_unwritable(path.parent)
    return path


def _of_this_machine(text: str) -> str:
    # As a path, an address would be a folder called https: or s3:.
    if is_elsewhere(text):
        raise ValueError(
            "a path of this machine; only images, maps and labels are read elsewhere"
        )
    return text


#: What names a file or folder of this machine.
LocalName = Annotated[str, AfterValidator(_of_this_machine)]


def _local_path(hint: Any, tokens: Sequence[Token]) -> Path:
    return Path(adapter(LocalName).validate_python(tokens[0].value))


#: A path of this machine.
LocalPath = Annotated[Path, Parameter(converter=_local_path)]
ExistingFile = Annotated[LocalPath, AfterValidator(_existing_file)]
Existing = Annotated[LocalPath, AfterValidator(_existing)]
ExistingFolder = Annotated[LocalPath, AfterValidator(_existing_folder)]
#: Made when it is not there, with the folders above it.
OutputFolder = Annotated[LocalPath, AfterValidator(_output_folder)]
OutputFile = Annotated[LocalPath, AfterValidator(_output_file)]
#: A file or a folder: the command says which.
OutputPlace = Annotated[LocalPath, AfterValidator(_output_place)]
#: A file, or a folder of ``mmext export --to folder``.
CheckpointPath = Annotated[LocalPath, AfterValidator(_checkpoint)]


def _readable_file(text: str) -> str:
    place = locate(text)
    if isinstance(place, Path):
        _existing_file(place)
    return text


#: A file that is read, on this machine, a server or in an object store. Of one
#: elsewhere nothing is asked before it is read.
ReadableFile = Annotated[str, AfterValidator(_readable_file)]


def _shipped_or_own(path: Path) -> Path:
    return find_shipped(path) if is_shipped_name(path) else path


def _config_path(hint: Any, tokens: Sequence[Token]) -> Path:
    # Validators only look: what changes a value is a converter.
    kind = Annotated[Path, AfterValidator(_shipped_or_own)]
    name = tokens[0].value
    # mmext:: has no slashes and so isn't taken for an address.
    return adapter(kind).validate_python(adapter(LocalName).validate_python(name))


#: A path, or ``mmext::`` and the path of what comes with mmext.
ConfigFile = Annotated[ExistingFile, Parameter(converter=_config_path)]
ConfigFolder = Annotated[ExistingFolder, Parameter(converter=_config_path)]


#: Keys of assets of STAC items.
AssetKeys = Annotated[list[str], Field(min_length=1)]


def _plain_name(name: str) -> str:
    if not re.fullmatch(r"\w[\w. -]*", name):
        raise ValueError("a file's name: letters, digits, _ . - and spaces")
    return name


#: What files are called, without a folder.
FileName = Annotated[str, AfterValidator(_plain_name)]


#: Where a network runs: cpu, cuda or cuda:N. None takes a GPU if there is one.
Device = Annotated[str, AfterValidator(known_device)]


def _key_and_value(text: str) -> str:
    if not re.match(r"[^=\s]+=", text):
        raise ValueError("key=value")
    return text


def _shard(text: str) -> str:
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    if not match or int(match[1]) >= int(match[2]):
        raise ValueError("I/N, with I from 0 to N - 1")
    return text


#: I/N: one of N parts of the work, counted from 0 as job arrays do.
Shard = Annotated[str, AfterValidator(_shard)]


def shard_of(items: Sequence[T], shard: str) -> Sequence[T]:
    """What a :data:`Shard` has of all items; neighbours go to different ones."""
    index, number = map(int, shard.split("/"))
    return items[index::number]


#: Settings that replace a config's, KEY=VALUE with dotted keys.
ConfigOptions = Annotated[
    list[Annotated[str, AfterValidator(_key_and_value)]], Field(min_length=1)
]


def parse_options(texts: Sequence[str] | None, flag: str) -> dict[str, Any]:
    """Values by key: ``a.b=1 c=[1,2] d=(x,y)`` as mmengine reads them, and tables.

    mmengine knows no ``a=dict(b=1, c='x')`` nor ``a={'b': 1}``: they are read as in a
    resolved config, and not executed. A text that begins and ends like one is quoted.

    Args:
        texts: KEY=VALUE each.
        flag: The option that they were given with.

    Raises:
        UserError: A bracket isn't closed, or a table holds no plain values.
    """
    if not texts:
        return {}
    from mmengine.config import DictAction

    from mmext.inference.config_data import parse_value

    read, found = DictAction([flag], dest="options", nargs="+"), {}
    for text in texts:
        key, _, value = text.partition("=")
        if _is_table(value):
            found[key] = parse_value(value, f"{flag} {key}")
            continue
        one = Namespace()
        try:
            read(ArgumentParser(), one, [text])
        except AssertionError as error:
            raise UserError(f"{flag}: {error}") from None
        found.update(one.options)
    return found


def _is_table(value: str) -> bool:
    """Whether it is or holds ``dict(…)`` or ``{…}``, not just a text with braces."""
    if value.startswith("dict(") or (value[:1], value[-1:]) == ("{", "}"):
        return True
    bracketed = (value[:1], value[-1:]) in (("[", "]"), ("(", ")"))
    return bracketed and ("dict(" in value or "{" in value)


#: How the processes of a distributed run were started.
Launcher = Literal["none", "pytorch", "slurm", "mpi"]
#: What older launchers tell each process; torchrun sets LOCAL_RANK instead.
LocalRank = Annotated[
    int, Field(ge=0), Parameter(name=("--local_rank", "--local-rank"), show=False)
]


def exactly_one(arguments: ArgumentCollection) -> None:
    """Refuse none and several of a group of options."""
    at_most_one(arguments)
    if not arguments.filter_by(value_set=True):
        names = " or ".join(argument.name for argument in arguments)
        raise ValueError(f"{names}: missing")


def at_most_one(arguments: ArgumentCollection) -> None:
    """Refuse several of a group of options."""
    given = [argument.name for argument in arguments.filter_by(value_set=True)]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)}: given together, expected one")


def all_or_none(arguments: ArgumentCollection) -> None:
    """Refuse a part of a group of options."""
    given = [argument.name for argument in arguments.filter_by(value_set=True)]
    missing = [item.name for item in arguments if item.name not in given]
    if given and missing:
        raise ValueError(
            f"{' and '.join(missing)}: missing, expected with {' and '.join(given)}"
        )
