"""What virtual rasters are written with."""

from xml.etree import ElementTree  # nosec B405 # writes, never reads

#: GDAL's names of data types.
DATA_TYPES = {"uint8": "Byte", "uint16": "UInt16", "float32": "Float32"}


def text_element(
    parent: ElementTree.Element, name: str, text: str
) -> ElementTree.Element:
    """Append an element that holds text, and return it."""
    element = ElementTree.SubElement(parent, name)
    element.text = text
    return element
