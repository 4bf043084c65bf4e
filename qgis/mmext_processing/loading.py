"""Opening results in the project, with their styles, above each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from qgis.core import (
    QgsColorRampShader,
    QgsGradientColorRamp,
    QgsLayerTree,
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsRasterLayer,
    QgsRasterRange,
    QgsRasterShader,
    QgsSingleBandPseudoColorRenderer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtGui import QColor

#: Of probability 1, in red, green and blue; 0 can be seen through.
_CERTAIN = (255, 196, 0)


def open_map(
    context: QgsProcessingContext, name: str, paths: Mapping[str, str]
) -> None:
    """Open a map's files once the algorithm has ended: objects above classes above all.

    Args:
        context: Of the run.
        name: The scene's, which layers will begin with.
        paths: From :func:`.results.map_paths`.
    """
    project = context.project()
    if project is None:
        return  # qgis_process without a project
    titles = {
        "polygons": ("objects", own_style),
        "classes": ("classes", own_colours),
        "probability": ("probability", shade),
    }
    above: list[str] = []
    for order, (key, (title, style)) in enumerate(titles.items()):
        details = QgsProcessingContext.LayerDetails(f"{name} {title}", project, key)
        details.forceName = True
        if hasattr(details, "layerSortKey"):  # from QGIS 3.32 on, which then sorts
            details.layerSortKey = -order
        details.setPostProcessor(_kept(paths[key], Opened(style, above)))
        context.addLayerToLoadOnCompletion(paths[key], details)


def keep_style(context: QgsProcessingContext, path: str) -> None:
    """Let a result that will be opened have the style that is in it."""
    if context.willLoadLayerOnCompletion(path):
        details = context.layerToLoadOnCompletionDetails(path)
        details.setPostProcessor(_kept(path, Opened(own_style, [])))


class Opened(QgsProcessingLayerPostProcessorInterface):
    """Styles a layer that was opened, and puts it below those before it.

    What lies below another is switched off: the imagery shall be seen.

    Args:
        style: What styles it.
        above: Ids of layers that lie above it; its own comes to them.
    """

    def __init__(self, style: Callable[..., None], above: list[str]) -> None:
        super().__init__()
        self.style, self.above = style, above

    def postProcessLayer(
        self,
        layer: QgsMapLayer,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> None:
        """Called by QGIS."""
        self.style(layer)
        layer.triggerRepaint()
        tree = context.project().layerTreeRoot()
        place = partial(_put_below, tree, self.above[-1:], layer.id())
        self.above.append(layer.id())
        if tree.findLayer(layer.id()):
            place()
        else:
            # From QGIS 3.32 on, it comes into the tree after this.
            QTimer.singleShot(0, place)


def own_style(layer: QgsVectorLayer) -> None:
    """The style that mmext has written into the GeoPackage."""
    layer.loadDefaultStyle()


def own_colours(layer: QgsRasterLayer) -> None:
    """The file's own colours, but none where nothing was found."""
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(0, 0)])


def shade(layer: QgsRasterLayer) -> None:
    """The first channel's probability, from nothing to a full colour."""
    ramp = QgsGradientColorRamp(QColor(*_CERTAIN, 0), QColor(*_CERTAIN, 255))
    colours = QgsColorRampShader(0, 1, ramp)
    colours.classifyColorRamp()
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(colours)
    provider = layer.dataProvider()
    renderer = QgsSingleBandPseudoColorRenderer(provider, 1, shader)
    renderer.setClassificationMin(0)
    renderer.setClassificationMax(1)
    layer.setRenderer(renderer)


def _put_below(tree: QgsLayerTree, above: list[str], own: str) -> None:
    node = tree.findLayer(own)
    if node is None or not above:
        return
    node.setItemVisibilityChecked(False)
    other = tree.findLayer(above[0])
    if other is None or node.parent() != other.parent():
        return  # the user has moved it
    group = node.parent()
    group.insertChildNode(group.children().index(other) + 1, node.clone())
    group.removeChildNode(node)


# QGIS holds them by their address alone; one a file, so that they don't pile up.
_alive: dict[str, Opened] = {}


def _kept(path: str, opened: Opened) -> Opened:
    _alive[path] = opened
    return opened
