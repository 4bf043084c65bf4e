"""mmext among the providers of Processing."""

from __future__ import annotations

from pathlib import Path

from processing.core.ProcessingConfig import ProcessingConfig, Setting
from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .algorithms import ALGORITHMS
from .program import VARIABLE

ICON = str(Path(__file__).with_name("icon.svg"))


class Provider(QgsProcessingProvider):
    """Its algorithms, and the setting that says where the program is."""

    def id(self) -> str:
        """What algorithms' names begin with."""
        return "mmext"

    def name(self) -> str:
        """What the toolbox and the options show."""
        return "mmext"

    def icon(self) -> QIcon:
        """Beside the name."""
        return QIcon(ICON)

    def svgIconPath(self) -> str:
        """The same, where QGIS wants a path."""
        return ICON

    def load(self) -> bool:
        """Offer the setting and the algorithms."""
        ProcessingConfig.settingIcons[self.name()] = self.icon()
        ProcessingConfig.addSetting(
            Setting(
                self.name(),
                VARIABLE,
                "The program mmext (empty: that of the variable MMEXT_PROGRAM, or on "
                "PATH)",
                "",
                valuetype=Setting.FILE,
            )
        )
        ProcessingConfig.readSettings()
        self.refreshAlgorithms()
        return True

    def unload(self) -> None:
        """Take the setting back."""
        ProcessingConfig.removeSetting(VARIABLE)

    def loadAlgorithms(self) -> None:
        """Called by QGIS."""
        for kind in ALGORITHMS:
            self.addAlgorithm(kind())

    def supportsNonFileBasedOutput(self) -> bool:
        """Nor into data bases or memory."""
        return False

    def supportedOutputVectorLayerExtensions(self) -> list[str]:
        """GeoPackages are all that mmext writes."""
        return ["gpkg"]
