"""What ``store.json`` says of the scenes that a store's tiles are of."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmext.raster.scene_reader import NodataRule

from .cutting_settings import Cutting
from .scenes import SceneFacts, common_pixel_size


def describe_store(
    facts: SceneFacts,
    cutting: Cutting,
    pixel_sizes: Sequence[float | None],
    records: Mapping[str, Any],
) -> dict[str, Any]:
    """The source's part of ``store.json``, as ``finish_store`` takes it.

    Args:
        facts: What the scenes have in common.
        cutting: How they were cut.
        pixel_sizes: Metres on the ground, of each scene.
        records: Path and grid of each scene, by its name.
    """
    return {
        "stride": cutting.step,
        "bands": list(facts.names),
        "band_indexes": list(facts.indexes),
        "colours": list(facts.colours),
        "scales": facts.scales,
        "nodata": facts.nodata,
        "nodata_rule": _rule(cutting.nodata),
        "pixel_size": facts.pixel_size,
        "pixel_size_m": common_pixel_size(pixel_sizes),
        "scenes": dict(records),
    }


def _rule(nodata: NodataRule) -> NodataRule:
    # Whatever is not a number is invalid anyway, and JSON has no NaN.
    return None if isinstance(nodata, float) and np.isnan(nodata) else nodata
