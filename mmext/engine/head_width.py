"""The width of a decode head, taken from the maps that it reads."""

from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import nn

from mmext.errors import UserError, one_line
from mmext.registry import MODELS

FROM_BACKBONE = "from_backbone"
_HEAD = "model.decode_head.head"
_KEYS = ("in_channels", "channels")
# Pixels: every backbone of mmseg has maps left of it.
_IMAGE_SIZE = 64
# A training looks at each config of its lineage several times.
_known_widths: dict[str, list[int]] = {}


def fill_head_width(config: Config) -> None:
    """Replace ``'from_backbone'`` in the decode head, in place.

    ``model.decode_head.head.in_channels`` becomes the number of channels of the map
    that ``in_index`` names, a list if it names several, and ``channels`` the same
    number. What reaches the head is the backbone's, or its neck's. The resolved config
    and every checkpoint carry numbers.

    Raises:
        UserError: The backbone can't be built or gives no such map, or ``channels``
            would follow from several maps.
    """
    head = (config.model.get("decode_head") or {}).get("head") or {}
    keys = [key for key in _KEYS if head.get(key) == FROM_BACKBONE]
    if not keys:
        return
    index = head.get("in_index", -1)
    maps = _widths(config.model)
    try:
        width = [maps[i] for i in index] if not isinstance(index, int) else maps[index]
    except (IndexError, TypeError):
        raise UserError(
            f"{_HEAD}.in_index: is {index}, but model.backbone gives {len(maps)} maps"
        ) from None
    if "channels" in keys and not isinstance(width, int):
        raise UserError(
            f"{_HEAD}.channels: is '{FROM_BACKBONE}', but in_index names {len(width)} "
            "maps, expected a number"
        )
    head.update(dict.fromkeys(keys, width))


def _widths(model: Config) -> list[int]:
    """Channels of each map that reaches the head."""
    parts = [model[key].to_dict() for key in ("backbone", "neck") if model.get(key)]
    text = repr(parts)
    if text not in _known_widths:
        try:
            _known_widths[text] = _measured(parts)
        # Components of several libraries get what the config says.
        except Exception as error:
            reason = f"{type(error).__name__}: {one_line(error)}"
            raise UserError(
                f"model.backbone: can't be built ({reason}), and {_HEAD} takes its "
                "width from it"
            ) from error
    return _known_widths[text]


def _measured(parts: list[dict[str, Any]]) -> list[int]:
    # Not on torch's device for shapes alone: some constructors read tensors' values.
    with (
        DefaultScope.overwrite_default_scope("mmext"),
        torch.random.fork_rng(devices=[]),
        torch.no_grad(),
    ):
        layers = nn.Sequential(*(MODELS.build(part) for part in parts)).eval()
        bands = parts[0].get("in_channels", 3)
        maps = layers(torch.zeros(1, bands, _IMAGE_SIZE, _IMAGE_SIZE))
    return [item.shape[1] for item in maps]
