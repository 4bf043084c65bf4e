"""Commands of mmext as algorithms of Processing."""

from __future__ import annotations

import os
import shlex
from typing import Any

from processing.core.ProcessingConfig import ProcessingConfig
from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputRasterLayer,
    QgsProcessingOutputVectorLayer,
)
from qgis.PyQt.QtGui import QIcon

from .child import run
from .commands import APPLY, PREDICT, REVIEW, Command, Value, command_line
from .failure import Failure
from .loading import keep_style, open_map
from .parameters import parameter, values
from .program import VARIABLE, child_environment, find_program
from .progress import Progress
from .results import map_paths, scene_name


class CommandAlgorithm(QgsProcessingAlgorithm):
    """Runs one command of mmext.

    Attributes:
        command: Which.
    """

    command: Command

    def __init__(self) -> None:
        super().__init__()
        self._values: dict[str, Value] = {}

    def createInstance(self) -> CommandAlgorithm:
        """Another one, for a run."""
        return type(self)()

    def name(self) -> str:
        """After ``mmext:``."""
        return self.command.key

    def displayName(self) -> str:
        """In the toolbox."""
        return self.command.title

    def icon(self) -> QIcon:
        """That of the provider."""
        return self.provider().icon()

    def shortHelpString(self) -> str:
        """Beside the dialog."""
        return self.command.help

    def initAlgorithm(self, configuration: Any = None) -> None:
        """Ask for what the command takes."""
        for option in self.command.options:
            if option.kind != "layer":
                self.addParameter(parameter(option))

    def canExecute(self) -> tuple[bool, str]:
        """Whether the program is there, before a dialog is filled in."""
        try:
            self._program()
        except Failure as failure:
            return False, str(failure)
        return True, ""

    def prepareAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> bool:
        """Read parameters, in the thread that layers belong to."""
        try:
            self._values = values(self, self.command, parameters, context, feedback)
        except Failure as failure:
            raise QgsProcessingException(str(failure)) from None
        return True

    def processAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        """Run the command; its results by name, none where it was cancelled."""
        step = ""

        def show(progress: Progress) -> None:
            nonlocal step
            if progress.step != step:
                step = progress.step
                feedback.setProgressText(step)
            feedback.setProgress(progress.percent)

        try:
            arguments = [self._program(), *command_line(self.command, self._values)]
            feedback.pushCommandInfo(shlex.join(arguments))
            done = run(
                arguments,
                child_environment(os.environ),
                feedback.pushInfo,
                show,
                feedback.isCanceled,
            )
        except Failure as failure:
            raise QgsProcessingException(str(failure)) from None
        if not done:
            feedback.pushInfo("mmext: cancelled, and ended")
            return {}
        return self.results(context)

    def results(self, context: QgsProcessingContext) -> dict[str, Any]:
        """What was written, by name; some of it will be opened."""
        raise NotImplementedError

    def _program(self) -> str:
        return find_program(ProcessingConfig.getSetting(VARIABLE), os.environ)


class Predict(CommandAlgorithm):
    """A raster layer becomes a map."""

    command = PREDICT

    def initAlgorithm(self, configuration: Any = None) -> None:
        """Ask for what the command takes, and say what it gives."""
        super().initAlgorithm(configuration)
        self.addOutput(QgsProcessingOutputVectorLayer("polygons", "Objects"))
        self.addOutput(QgsProcessingOutputRasterLayer("classes", "Classes"))
        self.addOutput(QgsProcessingOutputRasterLayer("probability", "Probabilities"))

    def results(self, context: QgsProcessingContext) -> dict[str, Any]:
        """Its three files, opened above each other."""
        raster, out = str(self._values["images"]), str(self._values["out"])
        paths = map_paths(raster, out)
        open_map(context, scene_name(raster), paths)
        return {"out": out, **paths}


class Review(CommandAlgorithm):
    """Labels that look wrong, ranked."""

    command = REVIEW

    def results(self, context: QgsProcessingContext) -> dict[str, Any]:
        """The GeoPackage, opened with the style that is in it."""
        out = str(self._values["out"])
        keep_style(context, out)
        return {"out": out}


class Apply(CommandAlgorithm):
    """Labels, corrected by verdicts."""

    command = APPLY

    def results(self, context: QgsProcessingContext) -> dict[str, Any]:
        """The GeoPackage."""
        return {"out": str(self._values["out"])}


ALGORITHMS = (Predict, Review, Apply)
