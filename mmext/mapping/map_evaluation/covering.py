"""What polygons cover of others, however many corners they have."""

import geopandas
import numpy as np
import shapely

#: Corners of a polygon above which it is cut before it is laid over others.
_MOST_CORNERS = 200


def covered_share(
    polygons: geopandas.GeoSeries, others: geopandas.GeoSeries
) -> np.ndarray:
    """Share of each polygon that the others cover together, in [0, 1].

    Args:
        polygons: N polygons.
        others: In the same CRS; they may overlap.

    Returns:
        (N,) float64.
    """
    covered = np.zeros(len(polygons))
    if len(polygons) and len(others):
        left, owner = _pieces(polygons.to_numpy())
        _, right = disjoint(others)
        first, second = shapely.STRtree(right).query(left, predicate="intersects")
        overlap = shapely.area(shapely.intersection(left[first], right[second]))
        np.add.at(covered, owner[first], overlap)
    return np.minimum(covered / shapely.area(polygons.to_numpy()), 1.0)


def disjoint(
    polygons: geopandas.GeoSeries,
) -> tuple[geopandas.GeoSeries, np.ndarray]:
    """Polygons of the same ground of which no two overlap, and their pieces."""
    # A union of a noisy map's thousands takes minutes, and there is nothing to unite.
    pieces, owner = _pieces(polygons.to_numpy())
    first, second = shapely.STRtree(pieces).query(pieces, predicate="intersects")
    pairs = owner[first] < owner[second]
    shared = shapely.intersection(pieces[first[pairs]], pieces[second[pairs]])
    if not shapely.area(shared).any():
        return polygons, pieces
    united = geopandas.GeoSeries([polygons.union_all()], crs=polygons.crs)
    united = united.explode(ignore_index=True)
    return united, _pieces(united.to_numpy())[0]


def _pieces(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut polygons until none has many corners, and say whose each piece is.

    What two polygons share takes as long as both have corners; a noisy map has one of
    a hundred thousand that meets ten thousand others.

    Returns:
        (M,) polygons and (M,) indices of what they were cut from.
    """
    owner = np.arange(len(polygons))
    done, owners = [polygons[:0]], [owner[:0]]
    while len(polygons):
        large = shapely.get_num_coordinates(polygons) > _MOST_CORNERS
        done.append(polygons[~large])
        owners.append(owner[~large])
        polygons, owner = polygons[large], owner[large]
        left, bottom, right, top = shapely.bounds(polygons).T
        wide = right - left > top - bottom
        x = np.where(wide, (left + right) / 2, right)
        y = np.where(wide, top, (bottom + top) / 2)
        halves = np.concatenate(
            [
                shapely.box(left, bottom, x, y),
                shapely.box(
                    np.where(wide, x, left), np.where(wide, bottom, y), right, top
                ),
            ]
        )
        cut = shapely.intersection(np.tile(polygons, 2), halves)
        polygons, index = shapely.get_parts(cut, return_index=True)
        owner = np.tile(owner, 2)[index]
        kept = shapely.area(polygons) > 0
        polygons, owner = polygons[kept], owner[kept]
    return np.concatenate(done), np.concatenate(owners)
