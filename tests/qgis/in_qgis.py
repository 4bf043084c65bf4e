"""What is run by QGIS's own Python: ``in_qgis.py PLUGINS TASK ARGUMENTS``.

Prints JSON on its last line. It imports nothing of mmext or the tests.
"""

import json
import os
import sys
import zipfile
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
    QgsRasterRange,
    QgsVectorLayer,
)


def main():
    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], False)
    application.initQgis()
    sys.path[:0] = [sys.argv[1], f"{application.pkgDataPath()}/python/plugins"]
    from mmext_processing import classFactory
    from processing.core.Processing import Processing

    Processing.initialize()
    plugin = classFactory(None)
    plugin.initProcessing()
    found = {
        task.__name__: task for task in (cancel, judge, late, load, setting, sources)
    }
    result = found[sys.argv[2]](*sys.argv[3:])
    plugin.unload()
    print()
    print(json.dumps(result))
    sys.stdout.flush()
    # Its own order of taking things down is not what is tested.
    os._exit(0)


class Listening(QgsProcessingFeedback):
    """Keeps what it is told."""

    def __init__(self):
        super().__init__(False)
        self.said, self.warned, self.steps = [], [], []
        self.progressChanged.connect(self.steps.append)

    def pushInfo(self, text):
        self.said.append(text)

    def pushCommandInfo(self, text):
        self.said.append(text)

    def pushWarning(self, text):
        self.warned.append(text)


def cancel(checkpoint, image, out):
    """Map until the first steps are done; what is left then."""
    import processing

    feedback = Listening()
    feedback.progressChanged.connect(
        lambda percent: feedback.cancel() if percent > 1 else None
    )
    results = processing.run(
        "mmext:predict",
        # Small windows: there is time to cancel.
        {"checkpoint": checkpoint, "images": image, "out": out, "window": 120},
        feedback=feedback,
    )
    left = [str(path) for path in Path(out).rglob("*")] if Path(out).exists() else []
    return {"results": results, "left": left, "steps": feedback.steps}


def judge(review, name):
    """Accept the wrong target of a name, as an annotator does."""
    layer = QgsVectorLayer(f"{review}|layername=candidates", "review", "ogr")
    layer.startEditing()
    column = layer.fields().indexOf("verdict")
    condition = f"labels = '{name}' AND kind = 'wrong target'"
    for row in layer.getFeatures(condition):
        layer.changeAttributeValue(row.id(), column, "accept")
    return layer.commitChanges()


def load(algorithm, parameters):
    """Run an algorithm as the dialog does; what the project has then, from the top."""
    import processing

    processing.runAndLoadResults(
        algorithm, json.loads(parameters), feedback=Listening()
    )
    tree = QgsProject.instance().layerTreeRoot()
    return [describe(node) for node in tree.findLayers()]


def late(polygons, classes):
    """What the tree has when layers come into it after they were styled (3.32)."""
    from mmext_processing.loading import Opened, own_style

    project, context, above = QgsProject.instance(), QgsProcessingContext(), []
    context.setProject(project)
    layers = [
        QgsVectorLayer(f"{polygons}|layername=fields", "objects", "ogr"),
        QgsRasterLayer(classes, "classes", "gdal"),
    ]
    processors = [Opened(style, above) for style in (own_style, lambda layer: None)]
    for layer, processor in zip(layers, processors):  # noqa: B905 - Python 3.9
        project.addMapLayer(layer, False)
        processor.postProcessLayer(layer, context, Listening())
    tree = project.layerTreeRoot()
    for layer in layers:
        tree.insertLayer(0, layer)
    before = [node.name() for node in tree.findLayers()]
    QgsApplication.processEvents()
    return [before, [[node.name(), node.isVisible()] for node in tree.findLayers()]]


def describe(node):
    """What is seen of a layer."""
    layer = node.layer()
    found = {
        "name": node.name(),
        "shown": node.isVisible(),
        "renderer": layer.renderer().type(),
    }
    if layer.renderer().type() == "categorizedSymbol":
        found["colours"] = {
            item.value(): item.symbol().symbolLayer(0).strokeColor().name()
            for item in layer.renderer().categories()
        }
    elif isinstance(layer, QgsRasterLayer):
        extent = layer.extent()
        block = layer.renderer().block(1, extent, layer.width(), layer.height())
        picture = block.image()
        seen = {
            picture.pixelColor(x, y).alpha()
            for x in range(0, 640, 9)
            for y in range(480)
        }
        found["alphas"] = sorted(seen)
    return found


def setting(*values):
    """Why the algorithms can't run, by what the options say."""
    from processing.core.ProcessingConfig import ProcessingConfig

    algorithm = QgsApplication.processingRegistry().algorithmById("mmext:predict")
    found = []
    for value in values:
        ProcessingConfig.settings["MMEXT_PROGRAM"].value = value
        found.append(algorithm.canExecute())
    return found


def sources(image, labels, candidates, folder):
    """What mmext is told of layers that aren't quite their files, or the refusal."""
    folder = Path(folder)
    fields = f"{labels}|layername=fields"
    rice = QgsVectorLayer(f"{fields}|subset=crop = 'rice'", "rice", "ogr")
    edited = QgsVectorLayer(fields, "edited", "ogr")
    edited.startEditing()
    edited.deleteFeature(next(edited.getFeatures()).id())
    selected = QgsVectorLayer(fields, "selected", "ogr")
    selected.selectAll()
    moved = QgsVectorLayer(fields, "moved", "ogr")
    moved.setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    query = QgsVectorLayer(fields, "query", "ogr")
    query.setSubsetString("SELECT * FROM fields WHERE crop = 'rice'")
    memory = QgsVectorLayer("Polygon?crs=EPSG:5186", "memory", "memory")
    review = {
        "whole": labels,
        "by name": fields,
        "by number": f"{labels}|layerid=0",
        "filtered": rice,
        "edited": edited,
        "selected": selected,
        "moved": moved,
        "query": query,
        "memory": memory,
    }
    with zipfile.ZipFile(folder / "scenes.zip", "w") as archive:
        archive.write(image, "scene.tif")
    raster = {
        "file": image,
        "archive": QgsRasterLayer(f"/vsizip/{folder}/scenes.zip/scene.tif", "zipped"),
        "part": QgsRasterLayer(f"GPKG:{folder}/tiles.gpkg:tiles", "tiles"),
        "moved": QgsRasterLayer(image, "moved", "gdal"),
        "no-data": QgsRasterLayer(image, "holes", "gdal"),
        "opened": QgsRasterLayer(f"{image}|option:NUM_THREADS=2", "opened", "gdal"),
        "wms": QgsRasterLayer(
            "type=xyz&url=file:///none/%7Bz%7D/%7Bx%7D/%7By%7D.png", "web", "wms"
        ),
    }
    raster["moved"].setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    raster["no-data"].dataProvider().setUserNoDataValue(1, [QgsRasterRange(0, 0)])
    filtered = QgsVectorLayer(f"{candidates}|layername=candidates", "top", "ogr")
    filtered.setSubsetString("rank < 3")
    bank = {"snapshot": "b.npz", "checkpoint": "c.pth", "store": str(folder)}
    out = {"out": str(folder / "new.gpkg")}
    found = {}
    for name, layer in review.items():
        found[f"labels {name}"] = tell("review", {**bank, **out, "labels": layer})
    both = {**bank, **out, "labels": rice, "label_where": "crop = 'ginseng'"}
    found["labels both"] = tell("review", both)
    for name, layer in raster.items():
        # A model may be a folder, without a dot in its name.
        given = {"checkpoint": str(folder), "images": layer, "out": str(folder)}
        found[f"raster {name}"] = tell("predict", given)
    for name, layer in (("whole", candidates), ("filtered", filtered)):
        given = {**out, "apply": layer, "labels": rice}
        found[f"candidates {name}"] = tell("apply", given)
    return found


def tell(algorithm, parameters):
    """The program's command line and warnings, or why there was none."""
    algorithm = QgsApplication.processingRegistry().algorithmById(f"mmext:{algorithm}")
    context, feedback = QgsProcessingContext(), Listening()
    context.setProject(QgsProject.instance())
    fine, why = algorithm.checkParameterValues(parameters, context)
    assert fine, why
    own = algorithm.create()
    try:
        # Where QGIS asks for the layers; its own prepare() keeps the refusal to itself.
        own.prepareAlgorithm(parameters, context, feedback)
    except QgsProcessingException as error:
        return {"refused": str(error)}
    from mmext_processing.commands import command_line

    said = command_line(own.command, own._values)
    return {"said": said, "warned": feedback.warned}


main()
