"""Reading a checkpoint's file: whole, undamaged, and as data alone."""

import os
import zipfile
from pathlib import Path
from typing import IO, Any

import torch
from mmengine.runner.checkpoint import CheckpointLoader

from mmext.errors import UserError, one_line

from .model_folder import RECORD, is_model_folder, read_model_folder, read_safetensors

_ZIP_START = b"PK\x03\x04"

# mmengine falls back to unpickling what it can't load safely, and fetches weights with
# a loader that unpickles by default. With this neither can, in any command.
os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"


def read_checkpoint_file(
    path: str | os.PathLike[str], map_location: Any = "cpu"
) -> dict[str, Any]:
    """Read a file of weights as tensors and plain values, nothing else.

    torch writes a ZIP archive but doesn't look at its checksums when it reads; here
    they are compared first, so that a flipped bit is no weight. Older files, which
    have none, are read as they are.

    Args:
        path: The file; or a model's folder, which is read as a checkpoint, too. Of a
            ``.safetensors`` file ``state_dict`` is all there is.
        map_location: Where tensors go, as for ``torch.load``; a folder's are on the
            CPU.

    Returns:
        The dict that was saved.

    Raises:
        UserError: The file is missing, empty, damaged, or holds more than tensors and
            plain values.
    """
    path = Path(path).expanduser()
    if is_model_folder(path):
        return read_model_folder(path)
    if path.suffix == ".safetensors":
        return {"state_dict": read_safetensors(path)}
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise UserError(f"{path}: no such checkpoint") from None
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror})") from None
    with file:
        _refuse_damage(path, file)
        try:
            # What a damaged pickle raises is anybody's guess.
            content = torch.load(file, map_location=map_location, weights_only=True)
        except Exception as error:
            raise _damaged(path, error) from None
    if not isinstance(content, dict):
        raise UserError(
            f"{path}: holds a {type(content).__name__}, expected a dict of weights"
        )
    return content


def hashed_file(path: Path) -> Path:
    """The file whose hash tells a checkpoint from others.

    Of a model's folder it is the record, which has the hashes of the other files.
    """
    return path / RECORD if path.is_dir() else path


def file_identity(path: Path) -> list[str | int]:
    """Name, size in bytes and time of a file: what is made of it knows it by these."""
    facts = path.stat()
    return [path.name, facts.st_size, facts.st_mtime_ns]


def _refuse_damage(path: Path, file: IO[bytes]) -> None:
    start = file.read(len(_ZIP_START))
    file.seek(0)
    if not start:
        raise UserError(f"{path}: damaged, an empty file")
    if start != _ZIP_START:
        return  # written before torch 1.6, or no checkpoint: torch.load says
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                # torch stores; what is packed could unfold to any size.
                if member.compress_type != zipfile.ZIP_STORED:
                    raise ValueError(f"{member.filename} is compressed")
            damaged = archive.testzip()
    # zipfile and zlib have many words for damage.
    except Exception as error:
        raise _damaged(path, error) from None
    if damaged is not None:
        raise UserError(f"{path}: damaged, the checksum of {damaged} differs")
    file.seek(0)


def _damaged(path: Path, error: Exception) -> UserError:
    reason = one_line(error)
    if len(reason) > 160:
        reason = f"{reason[:160]}…"
    return UserError(f"{path}: damaged, or not a checkpoint ({reason})")


def load_from_local(filename: str, map_location: Any = "cpu") -> dict[str, Any]:
    """:func:`read_checkpoint_file` by the name that mmengine's log makes a word of."""
    return read_checkpoint_file(filename, map_location)


# The Runner and `init_cfg` then open files as everything else here does.
CheckpointLoader.register_scheme("", load_from_local, force=True)
