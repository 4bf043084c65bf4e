"""Weights by their address: fetched, or one line that says which file goes where."""

import hashlib
import re
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlparse

import torch
from mmengine import dist
from mmengine.runner.checkpoint import (
    CheckpointLoader,
    get_external_models,
    get_mmcls_models,
)

from mmext.errors import UserError, one_line
from mmext.hiding import hide_secrets_of

from .checkpoint_file import read_checkpoint_file

# What the names of published files end with: the beginning of their SHA-256.
_HASH = re.compile(r"-([0-9a-f]{8,})\.\w+$")
_BACKBONE = "backbone."


def load_from_http(address: str, map_location: Any = "cpu") -> dict[str, Any]:
    """Weights of an ``https://`` address, kept where torch keeps what it has fetched.

    A hash that ends the file's name is compared with its content. A name without one
    may be another address's, too (``model.safetensors``), so that such files are kept
    in a folder for each address.

    Raises:
        UserError: They can't be fetched, or are more than tensors and plain values.
    """
    hide_secrets_of(address)
    file = _kept_at(address)
    # One process fetches; none waits for one that couldn't.
    failure: list[str | None] = [None]
    if dist.is_main_process() and not file.is_file():
        failure = [_fetch(address, file)]
    dist.broadcast_object_list(failure)
    if failure[0] is not None:
        raise UserError(
            f"{address}: can't be fetched ({failure[0]}); where there is a network, "
            f"fetch it, and put it there: {file}"
        )
    return read_checkpoint_file(file, map_location)


def load_from_openmmlab(name: str, map_location: Any = "cpu") -> dict[str, Any]:
    """Weights by the name under which mmengine lists their address.

    Raises:
        UserError: The list has no such name, or they can't be fetched.
    """
    return load_from_http(_listed(name, get_external_models()), map_location)


def load_from_mmcls(name: str, map_location: Any = "cpu") -> dict[str, Any]:
    """The backbone's weights of a classifier that mmengine lists.

    Raises:
        UserError: The list has no such name, or they can't be fetched.
    """
    content = load_from_http(_listed(name, get_mmcls_models()), map_location)
    weights = content.get("state_dict", content)
    return {
        "state_dict": {
            key.removeprefix(_BACKBONE): value
            for key, value in weights.items()
            if key.startswith(_BACKBONE)
        }
    }


def _kept_at(address: str) -> Path:
    """Where the file of an address is, or will be."""
    name = PurePosixPath(urlparse(address).path).name
    folder = Path(torch.hub.get_dir(), "checkpoints")
    if not _HASH.search(name):
        folder /= hashlib.sha256(address.encode()).hexdigest()[:16]
    return folder / name


def _fetch(address: str, file: Path) -> str | None:
    """Write the file, or say in one line why it can't be had."""
    known = _HASH.search(file.name)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(
            address, str(file), known and known.group(1), progress=False
        )
    # What networks, servers and a wrong hash raise is of no common type.
    except Exception as error:
        return one_line(error)[:160]
    return None


def _listed(name: str, addresses: dict[str, str]) -> str:
    found = addresses.get(name.partition("://")[2])
    if found is None:
        raise UserError(f"{name}: is not in mmengine's list of weights")
    return found


CheckpointLoader.register_scheme(("http://", "https://"), load_from_http, force=True)
CheckpointLoader.register_scheme(
    ("open-mmlab://", "openmmlab://"), load_from_openmmlab, force=True
)
CheckpointLoader.register_scheme("mmcls://", load_from_mmcls, force=True)
