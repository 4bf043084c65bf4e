"""What QGIS enables and disables."""

from __future__ import annotations

from qgis.core import QgsApplication

from .provider import Provider


class Plugin:
    """Adds the provider to Processing, with or without a window."""

    def __init__(self) -> None:
        self.provider: Provider | None = None

    def initProcessing(self) -> None:
        """Called by ``qgis_process``."""
        self.provider = Provider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:
        """Called by QGIS with a window."""
        self.initProcessing()

    def unload(self) -> None:
        """Called when it is disabled."""
        QgsApplication.processingRegistry().removeProvider(self.provider)
