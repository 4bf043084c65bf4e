"""Layer styles that QGIS finds inside a GeoPackage."""

import sqlite3
from pathlib import Path
from xml.sax.saxutils import quoteattr

_TABLE = """
CREATE TABLE IF NOT EXISTS layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT, f_table_schema TEXT, f_table_name TEXT,
    f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT, ui TEXT,
    update_time DATETIME DEFAULT CURRENT_TIMESTAMP
)"""


def categorised_outlines(column: str, colours: dict[str, tuple[int, int, int]]) -> str:
    """A QML style: outline and light fill in a colour by the value of a column.

    Args:
        column: The attribute.
        colours: RGB by value, in the legend's order.
    """
    categories, symbols = [], []
    for index, (value, (red, green, blue)) in enumerate(colours.items()):
        name = quoteattr(value)
        categories.append(
            f'<category value={name} label={name} symbol="{index}" render="true"/>'
        )
        symbols.append(
            f'<symbol name="{index}" type="fill"><layer class="SimpleFill">'
            f'<Option type="Map">'
            f'<Option name="color" type="QString" value="{red},{green},{blue},70"/>'
            f'<Option name="outline_color" type="QString" '
            f'value="{red},{green},{blue},255"/>'
            f'<Option name="outline_width" type="QString" value="0.5"/>'
            f"</Option></layer></symbol>"
        )
    return (
        '<!DOCTYPE qgis PUBLIC "http://mrcc.com/qgis.dtd" "SYSTEM">'
        '<qgis version="3.28" styleCategories="Symbology">'
        f'<renderer-v2 type="categorizedSymbol" attr={quoteattr(column)}>'
        f"<categories>{''.join(categories)}</categories>"
        f"<symbols>{''.join(symbols)}</symbols></renderer-v2></qgis>"
    )


def embed_style(path: Path, layer: str, qml: str, name: str = "mmext") -> None:
    """Make a QML style a layer's default, inside its GeoPackage.

    Args:
        path: The GeoPackage.
        layer: The layer.
        qml: The style.
        name: The style's name in QGIS.
    """
    with sqlite3.connect(path) as connection:
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
