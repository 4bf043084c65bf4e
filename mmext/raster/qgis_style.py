"""Layer styles that QGIS finds inside a GeoPackage or beside a raster."""

import sqlite3
from pathlib import Path
from xml.sax.saxutils import quoteattr  # nosec B406 # writes, never reads

_DOCTYPE = '<!DOCTYPE qgis PUBLIC "http://mrcc.com/qgis.dtd" "SYSTEM">'
#: QGIS's number for the blend mode in which black adds nothing.
_SCREEN = 2
_TABLE = """
CREATE TABLE IF NOT EXISTS layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT, f_table_schema TEXT, f_table_name TEXT,
    f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT, ui TEXT,
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
)"""


Colour = tuple[int, int, int]


def categorised_outlines(column: str, colours: dict[str, Colour]) -> str:
    """A QML style: outline and light fill in a colour by the value of a column.

    Args:
        column: The attribute.
        colours: RGB by value, in the legend's order.
    """
    categories, symbols = [], []
    for index, (value, colour) in enumerate(colours.items()):
        name = quoteattr(value)
        categories.append(
            f'<category value={name} label={name} symbol="{index}" render="true"/>'
        )
        symbols.append(_symbol(index, (*colour, 70), (*colour, 255)))
    return _vector_style(
        f'<renderer-v2 type="categorizedSymbol" attr={quoteattr(column)}>'
        f"<categories>{''.join(categories)}</categories>"
        f"<symbols>{''.join(symbols)}</symbols></renderer-v2>"
    )


def single_outline(colour: Colour) -> str:
    """A QML style: outline and light fill in one colour."""
    return _vector_style(
        '<renderer-v2 type="singleSymbol"><symbols>'
        f"{_symbol(0, (*colour, 70), (*colour, 255))}</symbols></renderer-v2>"
    )


def graduated_fills(
    column: str,
    steps: dict[float, Colour],
    outline_column: str,
    outlines: dict[str, Colour],
) -> str:
    """A QML style: filled by the class of a number, outlined by the value of a text.

    Args:
        column: The number, not negative.
        steps: RGB by upper bound of each class, ascending.
        outline_column: The text.
        outlines: RGB of the outline by value.
    """
    ranges, symbols, lower = [], [], 0.0
    cases = " ".join(
        f"WHEN \"{outline_column}\"='{value}' THEN '{_rgba((*colour, 255))}'"
        for value, colour in outlines.items()
    )
    for index, (upper, colour) in enumerate(steps.items()):
        ranges.append(
            f'<range lower="{lower}" upper="{upper}" symbol="{index}" render="true" '
            f'label="{column} to {upper:g}"/>'
        )
        outline = f"CASE {cases} END"
        symbols.append(_symbol(index, (*colour, 150), (80, 80, 80, 255), outline))
        lower = upper
    return _vector_style(
        f'<renderer-v2 type="graduatedSymbol" attr={quoteattr(column)} '
        f'graduatedMethod="GraduatedColor"><ranges>{"".join(ranges)}</ranges>'
        f"<symbols>{''.join(symbols)}</symbols></renderer-v2>"
    )


def red_and_blue(red_band: int, blue_band: int, highest: float) -> str:
    """A QML style of a raster: two bands that light up what lies below.

    Args:
        red_band: Band from 1.
        blue_band: Band from 1.
        highest: Value of the brightest colour; 0 is none.
    """
    stretches = "".join(
        f"<{name}ContrastEnhancement><minValue>0</minValue><maxValue>{highest:g}"
        "</maxValue><algorithm>StretchToMinimumMaximum</algorithm>"
        f"</{name}ContrastEnhancement>"
        for name in ("red", "blue")
    )
    return (
        f'{_DOCTYPE}<qgis version="3.28" styleCategories="Symbology"><pipe>'
        f'<rasterrenderer type="multibandcolor" opacity="1" alphaBand="-1" '
        f'redBand="{red_band}" greenBand="-1" blueBand="{blue_band}">'
        f"<rasterTransparency/>{stretches}</rasterrenderer></pipe>"
        f"<blendMode>{_SCREEN}</blendMode></qgis>"
    )


def _vector_style(renderer: str) -> str:
    return (
        f'{_DOCTYPE}<qgis version="3.28" styleCategories="Symbology">{renderer}</qgis>'
    )


def _symbol(
    index: int,
    fill: tuple[int, int, int, int],
    outline: tuple[int, int, int, int],
    outline_expression: str = "",
) -> str:
    options = {
        "color": _rgba(fill),
        "outline_color": _rgba(outline),
        "outline_width": "0.5",
    }
    listed = "".join(
        f'<Option name="{name}" type="QString" value="{value}"/>'
        for name, value in options.items()
    )
    driven = ""
    if outline_expression:
        driven = (
            '<data_defined_properties><Option type="Map">'
            '<Option name="name" type="QString" value=""/>'
            '<Option name="properties" type="Map">'
            '<Option name="outlineColor" type="Map">'
            '<Option name="active" type="bool" value="true"/>'
            '<Option name="type" type="int" value="3"/>'
            '<Option name="expression" type="QString" '
            f"value={quoteattr(outline_expression)}/></Option></Option>"
            '<Option name="type" type="QString" value="collection"/></Option>'
            "</data_defined_properties>"
        )
    return (
        f'<symbol name="{index}" type="fill"><layer class="SimpleFill">'
        f'<Option type="Map">{listed}</Option>{driven}</layer></symbol>'
    )


def _rgba(colour: tuple[int, int, int, int]) -> str:
    return ",".join(map(str, colour))


def embed_style(path: Path, layer: str, qml: str, name: str = "mmext") -> None:
    """Make a QML style a layer's default, inside its GeoPackage.

    Args:
        path: The GeoPackage, under a temporary name.
        layer: The layer.
        qml: The style.
        name: The style's name in QGIS.
    """
    with sqlite3.connect(path) as connection:
        # Nothing is lost with a file that isn't finished.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(_TABLE)
        # GDAL only lists a table that the GeoPackage's contents name.
        connection.execute(
            "INSERT OR IGNORE INTO gpkg_contents (table_name, data_type, identifier) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles')"
        )
        connection.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
            "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, "
            "description, owner) VALUES ('', '', ?, 'geom', ?, ?, '', 1, ?, '')",
            (layer, name, qml, f"{name}: {layer}"),
        )
    connection.close()
