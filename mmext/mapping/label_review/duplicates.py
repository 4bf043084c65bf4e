"""Candidates that show one thing twice become one."""

import geopandas
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mmext.mapping.error_atlas import area_m2

from .finding import MISSING, SHIFTED

#: A missing target with this share of it in a predicted outline is part of that.
_INSIDE = 0.5
#: Outlines of two scenes that lie this far apart, in pixels, touch.
_GAP = 0.25


def one_of_each(table: geopandas.GeoDataFrame, pixel: float) -> geopandas.GeoDataFrame:
    """Put what several scenes, or several kinds, show of one thing together.

    * a label is judged in the scene that shows most of it;
    * outlines of one kind that stand for no known label and overlap, or share an edge,
      are one if they come from different scenes: the union of both, with what is said
      of the more suspicious;
    * a missing target inside the outline of a shift is part of that.

    Args:
        table: Candidates of all scenes: ``scene``, ``kind``, ``score``, ``area_m2``,
            ``objects`` (numbers of known labels, the same in all scenes) and ``best``
            (whether no scene shows more of its label). Without a CRS no two scenes
            show the same place.
        pixel: A pixel's side in CRS units.

    Returns:
        The rows that are left.
    """
    table = table[table["best"]].reset_index(drop=True)
    if table.crs is not None:
        table = _joined(table, pixel)
    return table[~_in_an_outline(table)].reset_index(drop=True)


def _joined(table: geopandas.GeoDataFrame, pixel: float) -> geopandas.GeoDataFrame:
    unknown = np.flatnonzero(table["objects"].map(len) == 0)
    shapes = table.geometry.to_numpy()[unknown]
    scenes, kinds = (table[name].to_numpy()[unknown] for name in ("scene", "kind"))
    reach = _GAP * pixel
    left, right = shapely.STRtree(shapes).query(shapes, "dwithin", reach)
    near = (left < right) & (scenes[left] != scenes[right])
    near &= kinds[left] == kinds[right]
    left, right = left[near], right[near]
    # Along an edge of a pixel, a strip of this width is common; at a corner a spot.
    wide = shapely.buffer(shapes[left], reach, join_style="mitre")
    common = shapely.area(shapely.intersection(wide, shapes[right]))
    touch = common > reach * pixel / 2
    if not touch.any():
        return table
    pairs = (np.ones(touch.sum(), bool), (left[touch], right[touch]))
    graph = coo_array(pairs, shape=(len(shapes), len(shapes)))
    group = connected_components(graph, directed=False)[1]
    members = pd.Series(unknown).groupby(group).agg(list)
    dropped: list[int] = []
    geometries = table.geometry.to_numpy().copy()
    for indexes in members[members.map(len) > 1]:
        best = int(table["score"].iloc[indexes].idxmax())
        geometries[best] = _closed(geometries[indexes], reach)
        dropped += [index for index in indexes if index != best]
    table = table.set_geometry(geopandas.GeoSeries(geometries, crs=table.crs))
    table = table.drop(index=dropped).reset_index(drop=True)
    return table.assign(area_m2=area_m2(table.geometry))


def _closed(outlines: np.ndarray, reach: float) -> shapely.Geometry:
    """The union, without the gaps between grids that don't quite meet."""
    wide = shapely.union_all(shapely.buffer(outlines, reach, join_style="mitre"))
    return shapely.buffer(wide, -reach, join_style="mitre")


def _in_an_outline(table: geopandas.GeoDataFrame) -> np.ndarray:
    shapes, kinds = table.geometry.to_numpy(), table["kind"].to_numpy()
    missing = np.flatnonzero(kinds == MISSING)
    shifted = np.flatnonzero(kinds == SHIFTED)
    tree = shapely.STRtree(shapes[shifted])
    left, right = tree.query(shapes[missing], "intersects")
    left, right = missing[left], shifted[right]
    if table.crs is None:
        scenes = table["scene"].to_numpy()
        here = scenes[left] == scenes[right]
        left, right = left[here], right[here]
    common = shapely.area(shapely.intersection(shapes[left], shapes[right]))
    inside = np.zeros(len(table), bool)
    inside[left[common >= _INSIDE * shapely.area(shapes[left])]] = True
    return inside
