"""What ``StoreWriter.finish`` is told of scenes that a test made up."""

from typing import Any


def source_description(
    bands: int, size: int, scenes: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Bands without a story, pixels of a metre, tiles of ``size`` side by side."""
    return {
        "stride": size,
        "bands": [f"band_{i + 1}" for i in range(bands)],
        "band_indexes": list(range(1, bands + 1)),
        "nodata": None,
        "pixel_size": [1.0, 1.0],
        "pixel_size_m": 1.0,
        "scenes": scenes,
    }
