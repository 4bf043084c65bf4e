"""mmext in QGIS: maps, label reviews and their verdicts as Processing algorithms."""

from __future__ import annotations

from typing import Any


def classFactory(iface: Any) -> Any:
    """The plugin; QGIS calls this when it is enabled.

    Args:
        iface: QGIS's window, None where there is none.
    """
    from .plugin import Plugin

    return Plugin()
