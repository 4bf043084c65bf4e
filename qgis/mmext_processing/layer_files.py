"""The files of layers: mmext reads these, not what QGIS makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qgis.core import (
    QgsMapLayer,
    QgsProcessingFeedback,
    QgsProviderRegistry,
    QgsRasterDataProvider,
    QgsRasterLayer,
    QgsVectorLayer,
)

from .failure import Failure


@dataclass(frozen=True)
class Polygons:
    """A layer of polygons.

    Attributes:
        path: Its file, or a name of GDAL's that begins with ``/vsi``.
        layer: Its name there, None where QGIS doesn't say.
        condition: The filter that is set in QGIS, in SQL; may be empty.
    """

    path: str
    layer: str | None
    condition: str


def raster_of(
    layer: QgsRasterLayer | None, name: str, feedback: QgsProcessingFeedback
) -> str:
    """The file of a raster layer.

    Args:
        layer: The layer; None where there was none.
        name: The parameter.
        feedback: Is told what is set in QGIS only.

    Raises:
        Failure: It is no file, or is another raster in QGIS than its file.
    """
    parts = _parts(layer, name, "gdal")
    assert layer is not None
    provider = layer.dataProvider()
    if parts.get("layerName"):
        raise _no_file(layer, name, "is a part of a file")
    if any(_is_changed(provider, band + 1) for band in range(layer.bandCount())):
        feedback.pushWarning(
            f"{name}: what is no-data was set in QGIS, and is not for mmext: it takes "
            "the file's, by the rule of the training"
        )
    return _file(layer, name, layer.source())


def _is_changed(provider: QgsRasterDataProvider, band: int) -> bool:
    """Whether QGIS takes other values for no-data than the file says."""
    has_own = provider.sourceHasNoDataValue(band)
    ignores_it = has_own and not provider.useSourceNoDataValue(band)
    return ignores_it or bool(provider.userNoDataValues(band))


def polygons_of(
    layer: QgsVectorLayer | None, name: str, feedback: QgsProcessingFeedback
) -> Polygons:
    """The file of a vector layer, and which of it is shown.

    Args:
        layer: The layer; None where there was none.
        name: The parameter.
        feedback: Is told what is set in QGIS only.

    Raises:
        Failure: It is no file, or shows in QGIS what its file hasn't.
    """
    parts = _parts(layer, name, "ogr")
    assert layer is not None
    if layer.isModified():
        raise Failure(f"{name}: {layer.name()} has edits that aren't saved; save them")
    number = layer.selectedFeatureCount()
    if number:
        feedback.pushWarning(
            f"{name}: {number} features of {layer.name()} are selected; all count, "
            "whether selected or not"
        )
    condition = layer.subsetString()
    if condition.lstrip().lower().startswith("select "):
        raise Failure(
            f"{name}: {layer.name()} is filtered by a whole query, expected a condition"
        )
    prefix, suffix = (parts.get(key) or "" for key in ("vsiPrefix", "vsiSuffix"))
    path = _file(layer, name, f"{prefix}{parts['path']}{suffix}")
    return Polygons(path, _layer_name(layer, parts), condition)


def _parts(layer: QgsMapLayer | None, name: str, provider: str) -> dict[str, object]:
    """What a layer's source consists of, if mmext sees what QGIS shows."""
    if layer is None or not layer.isValid():
        raise Failure(f"{name}: no layer that can be read")
    if layer.providerType() != provider:
        raise _no_file(layer, name, f"is of the provider {layer.providerType()}")
    shown, own = (
        found.authid() or found.description() or "without a coordinate system"
        for found in (layer.crs(), layer.dataProvider().crs())
    )
    if layer.crs() != layer.dataProvider().crs():
        raise Failure(
            f"{name}: {layer.name()} is {shown} in QGIS and {own} in its file, which "
            "mmext reads; expected the file's"
        )
    registry = QgsProviderRegistry.instance()
    parts = registry.decodeUri(provider, layer.dataProvider().dataSourceUri())
    for key in ("openOptions", "authcfg"):
        if parts.get(key):
            raise _no_file(layer, name, f"is opened with {key} in QGIS")
    return dict(parts)


def _file(layer: QgsMapLayer, name: str, path: str) -> str:
    if not (path.startswith("/vsi") or Path(path).is_file()):
        raise _no_file(layer, name, f"is {path}")
    return path


def _no_file(layer: QgsMapLayer, name: str, what: str) -> Failure:
    return Failure(
        f"{name}: {layer.name()} {what}, expected a file; export it to one (Export > "
        "Save As)"
    )


def _layer_name(layer: QgsVectorLayer, parts: dict[str, object]) -> str | None:
    if parts.get("layerName"):
        return str(parts["layerName"])
    if parts.get("layerId") is None:
        return None
    # Of a number only the file knows what it means.
    for found in layer.dataProvider().subLayers():
        number, title, *_ = found.split(layer.dataProvider().sublayerSeparator())
        if number == str(parts["layerId"]):
            return str(title)
    return None
