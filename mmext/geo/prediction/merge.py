"""Fields that cross the border of two sheets, made whole."""

from collections.abc import Sequence

import geopandas
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mmext.errors import UserError
from mmext.geo.ground_area import ground_area


def merge_sheets(tables: Sequence[geopandas.GeoDataFrame]) -> geopandas.GeoDataFrame:
    """Put the fields of many sheets into one table.

    Fields of different sheets that overlap or share a piece of border become one,
    with the area of their union, the mean probability weighted by area, the highest
    probability, and all their sheets and sources. Fields of one sheet stay as they
    are, and so do fields that meet in a corner.

    Args:
        tables: The sheets' tables, in one CRS.

    Raises:
        UserError: The sheets are in different CRSs.
    """
    codes = {table.crs.to_wkt() if table.crs else None for table in tables}
    if len(codes) > 1:
        raise UserError(
            "sheets: in different coordinate systems, one merged layer expects one"
        )
    fields = pd.concat(tables, ignore_index=True)
    if len(fields) == 0:
        return fields
    pairs = _neighbours(fields)
    ones = np.ones(len(pairs[0]), np.int8)
    graph = coo_array((ones, pairs), shape=(len(fields), len(fields)))
    _, group = connected_components(graph, directed=False)
    alone = np.bincount(group)[group] == 1
    merged = [_merge(members) for _, members in fields[~alone].groupby(group[~alone])]
    parts = [fields[alone]]
    if merged:
        table = geopandas.GeoDataFrame(merged, crs=fields.crs)
        table["area_m2"] = ground_area(table.geometry).round(2)
        parts.append(table[fields.columns])
    return pd.concat(parts, ignore_index=True)


def _neighbours(fields: geopandas.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    first, second = fields.sindex.query(fields.geometry, predicate="intersects")
    scene = fields["scene"].to_numpy()
    across = (first < second) & (scene[first] != scene[second])
    first, second = first[across], second[across]
    geometry = fields.geometry.to_numpy()
    shared = shapely.intersection(geometry[first], geometry[second])
    # A corner has neither length nor area.
    touching = shapely.length(shared) > 0
    return first[touching], second[touching]


def _merge(members: geopandas.GeoDataFrame) -> dict[str, object]:
    weights = members["area_m2"].clip(lower=1e-9)
    sources = set(members["source"])
    return {
        **members.iloc[0].to_dict(),
        "mean_prob": round(float(np.average(members["mean_prob"], weights=weights)), 4),
        "max_prob": float(members["max_prob"].max()),
        "source": sources.pop() if len(sources) == 1 else "both",
        "cut": bool(members["cut"].any()),
        "scene": "; ".join(sorted(set(members["scene"]))),
        "geometry": shapely.union_all(members.geometry.to_numpy()),
    }
