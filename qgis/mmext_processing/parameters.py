"""Options of a command as parameters of Processing, and their values again."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
    QgsProcessingParameterVectorLayer,
)

from .commands import Command, Option, Value
from .failure import Failure
from .layer_files import Polygons, polygons_of, raster_of


def parameter(option: Option) -> QgsProcessingParameterDefinition:
    """What a dialog asks for.

    Args:
        option: Any but a ``layer``, which another parameter brings along.
    """
    made = _made(option, option.key, option.help.rstrip("."))
    if option.advanced:
        made.setFlags(made.flags() | QgsProcessingParameterDefinition.FlagAdvanced)
    return made


def _made(option: Option, key: str, text: str) -> QgsProcessingParameterDefinition:
    may_lack = not option.required
    if option.kind == "file":
        # By itself QGIS refuses names without a dot, as models' folders have.
        every = "All files (*)"
        return QgsProcessingParameterFile(
            key, text, optional=may_lack, fileFilter=every
        )
    if option.kind == "folder":
        kind = QgsProcessingParameterFile.Folder
        return QgsProcessingParameterFile(key, text, kind, optional=may_lack)
    if option.kind == "raster":
        return QgsProcessingParameterRasterLayer(key, text, optional=may_lack)
    if option.kind == "polygons":
        kinds = [QgsProcessing.TypeVectorPolygon]
        return QgsProcessingParameterVectorLayer(key, text, kinds, optional=may_lack)
    if option.kind == "new folder":
        return QgsProcessingParameterFolderDestination(key, text)
    if option.kind == "new file":
        made = QgsProcessingParameterVectorDestination(key, text)
        made.setSupportsNonFileBasedOutput(False)
        return made
    if option.kind == "flag":
        return QgsProcessingParameterBoolean(key, text, option.default)
    if option.kind == "choice":
        return QgsProcessingParameterEnum(
            key,
            text,
            list(option.choices),
            defaultValue=option.default,
            optional=may_lack and option.default is None,
            usesStaticStrings=True,
        )
    if option.kind == "text":
        return QgsProcessingParameterString(key, text, optional=may_lack)
    return _number(option, key, text)


def _number(option: Option, key: str, text: str) -> QgsProcessingParameterNumber:
    number = QgsProcessingParameterNumber
    made = number(
        key,
        text,
        number.Integer if option.kind == "whole" else number.Double,
        option.default,
        optional=option.default is None,
    )
    if option.least is not None:
        made.setMinimum(option.least)
    if option.most is not None:
        made.setMaximum(option.most)
    return made


def values(
    algorithm: QgsProcessingAlgorithm,
    command: Command,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> dict[str, Value]:
    """What the user has given, by :attr:`.commands.Option.key`, as text and numbers.

    Args:
        algorithm: Whose parameters they are.
        command: What it runs.
        parameters: As QGIS has them.
        context: Of this run.
        feedback: Is told what of a layer mmext doesn't see.

    Raises:
        Failure: A layer is none that mmext can read as QGIS shows it.
    """
    found: dict[str, Value] = {}
    for option in command.options:
        given = (parameters, option.key, context)
        if option.kind == "raster":
            layer = algorithm.parameterAsRasterLayer(*given)
            found[option.key] = raster_of(layer, option.name, feedback)
        elif option.kind == "polygons":
            if option.required or parameters.get(option.key) not in (None, ""):
                layer = algorithm.parameterAsVectorLayer(*given)
                _add(found, option, polygons_of(layer, option.name, feedback))
        elif option.kind != "layer":
            value = _plain(algorithm, option, parameters, context)
            if not (value == "" and option.key in found):
                _refuse_second(found, option)
                found[option.key] = value
    return found


def _add(found: dict[str, Value], option: Option, polygons: Polygons) -> None:
    """Take a layer's file, and what says which of it."""
    found[option.key] = polygons.path
    if option.key == "labels":
        found["label_layer"] = polygons.layer
        if polygons.condition:
            found["label_where"] = polygons.condition
    elif polygons.condition:
        raise Failure(
            f"{option.name}: {polygons.path} is filtered in QGIS by "
            f"{polygons.condition}, and all of its verdicts count; expected no filter"
        )


def _refuse_second(found: dict[str, Value], option: Option) -> None:
    """Refuse a condition where the layer has one."""
    if option.key in found:
        raise Failure(
            f"{option.name}: given, and the layer is filtered in QGIS by "
            f"{found[option.key]}; expected one of them"
        )


def _plain(
    algorithm: QgsProcessingAlgorithm,
    option: Option,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
) -> Value:
    given = (parameters, option.key, context)
    if option.kind == "flag":
        return bool(algorithm.parameterAsBool(*given))
    if option.kind == "choice":
        return str(algorithm.parameterAsEnumString(*given))
    if option.kind in ("whole", "number"):
        if option.default is None and parameters.get(option.key) is None:
            return None
        if option.kind == "whole":
            return int(algorithm.parameterAsInt(*given))
        return float(algorithm.parameterAsDouble(*given))
    if option.kind == "new folder":
        return str(algorithm.parameterAsFileOutput(*given))
    if option.kind == "new file":
        return str(algorithm.parameterAsOutputLayer(*given))
    return str(algorithm.parameterAsString(*given))
