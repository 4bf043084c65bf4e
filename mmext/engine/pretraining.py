"""Whether a config is one of a pre-training."""

from pathlib import Path
from typing import Any

from mmext.engine.build_config import load_config
from mmext.engine.epoch_scale import all_hooks
from mmext.errors import UserError


def refuse_other_training(
    config_path: Path, options: dict[str, Any] | None = None
) -> None:
    """Refuse a config whose training would not end with an encoder.

    Args:
        config_path: The config file.
        options: ``--cfg-options``.

    Raises:
        UserError: It has no ``EncoderHook``, or it is no config.
    """
    hooks = all_hooks(load_config(config_path, options))
    if not any(hook["type"].rpartition(".")[2] == "EncoderHook" for hook in hooks):
        raise UserError(
            f"{config_path}: has no EncoderHook, so it would end without an encoder; "
            "expected a config such as mmext::pretraining/unet3.py"
        )
