"""The rasters of a STAC item."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from typing_extensions import NotRequired, TypedDict

from mmext.checked import checked, parse_json
from mmext.errors import UserError
from mmext.fileio.remote import read_text
from mmext.location import Location, beside

from .labels import RASTER_SUFFIXES

#: Media types of images that scenes may be.
_TYPES = {
    "image/tiff",
    "image/geotiff",
    "image/vnd.stac.geotiff",
    "image/jp2",
    "image/png",
    "image/jpeg",
}
#: What shows a scene or speaks of it, and is none.
_NO_SCENES = {"thumbnail", "overview", "metadata"}
_MAX_BYTES = 1 << 26


class _Asset(TypedDict):
    href: str
    type: NotRequired[str | None]
    roles: NotRequired[list[str] | None]


class _Item(TypedDict):
    id: str
    assets: dict[str, _Asset]


def item_rasters(place: Location, keys: Sequence[str] = ()) -> list[Location]:
    """The rasters of an item, or of all items of a search's result.

    They are called as their item is, and by their key where several are asked for:
    what one catalogue calls ``visual.tif`` in each of its items would have one name.

    Args:
        place: A STAC item, or a feature collection of items.
        keys: Which assets; none for the only raster of each item that is no thumbnail,
            overview or metadata.

    Raises:
        UserError: The file can't be read or is no item, has no such asset, or more
            than one raster and none is named.
    """
    text = read_text(place, "a STAC item", _MAX_BYTES)
    content = parse_json(text, dict[str, Any], str(place))
    if content.get("type") == "FeatureCollection":
        items = checked(list[_Item], content.get("features"), f"{place}.features")
    else:
        items = [checked(_Item, content, str(place))]
    found = []
    for item in items:
        name = re.sub(r"[^\w.-]+", "_", item["id"])
        for key in keys or [_only_raster(place, item)]:
            if key not in item["assets"]:
                raise UserError(
                    f"--asset: {place} has no {key} in {item['id']}, it has "
                    f"{', '.join(item['assets']) or 'none'}"
                )
            stem = f"{name}_{key}" if len(keys) > 1 else name
            found.append(beside(place, item["assets"][key]["href"], stem))
    return found


def _only_raster(place: Location, item: _Item) -> str:
    rasters = [key for key, asset in item["assets"].items() if _is_scene(asset)]
    if len(rasters) != 1:
        raise UserError(
            f"{place}: {item['id']} has {len(rasters) or 'no'} rasters"
            f"{': ' if rasters else ''}{', '.join(rasters)}, expected one; --asset "
            "says which"
        )
    return rasters[0]


def _is_scene(asset: _Asset) -> bool:
    if _NO_SCENES & set(asset.get("roles") or ()):
        return False
    kind = (asset.get("type") or "").partition(";")[0].strip().lower()
    path = asset["href"].partition("?")[0]
    return kind in _TYPES if kind else PurePosixPath(path).suffix in RASTER_SUFFIXES
