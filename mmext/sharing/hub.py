"""Uploading a model's folder to the Hugging Face Hub."""

import re
from pathlib import Path
from typing import Any

from mmext.errors import UserError, one_line


def refuse_without_hub(repository: str) -> None:
    """Refuse an upload that can't succeed, before anything is written.

    Args:
        repository: OWNER/NAME.

    Raises:
        UserError: It has another form, huggingface_hub is not installed, or there is
            no token.
    """
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", repository):
        raise UserError(f"--push-to-hub: is {repository!r}, expected OWNER/NAME")
    if _hub().get_token() is None:
        raise UserError(
            "--push-to-hub: no token, expected one in HF_TOKEN or from 'hf auth login'"
        )


def push_to_hub(folder: Path, repository: str) -> str:
    """Upload a folder as a model's repository, which is private if it is made now.

    Args:
        folder: Of :func:`~mmext.sharing.folder.share_model`.
        repository: OWNER/NAME.

    Returns:
        Where it is now.

    Raises:
        UserError: It can't be uploaded; the folder stays as it is.
    """
    api = _hub().HfApi()
    try:
        # Nobody has said yet on what terms it may be passed on.
        made = api.create_repo(repository, private=True, exist_ok=True)
        api.upload_folder(
            folder_path=str(folder), repo_id=repository, commit_message="mmext export"
        )
    except Exception as error:  # of a server, a network and two libraries
        raise UserError(
            f"{repository}: can't be uploaded ({one_line(error)[:200]}); {folder} is "
            "whole"
        ) from None
    return str(made)


def _hub() -> Any:
    try:
        import huggingface_hub
    except ImportError:
        raise UserError(
            "huggingface_hub: not installed; pip install 'mmext[hub]'"
        ) from None
    return huggingface_hub
