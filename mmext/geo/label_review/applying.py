"""Turning accepted candidates into corrected labels."""

import geopandas
import pandas as pd

from mmext.geo.map_evaluation import covered_share

from .kinds import MISSING, SHIFTED, WRONG


def apply_verdicts(
    candidates: geopandas.GeoDataFrame, labels: geopandas.GeoDataFrame
) -> geopandas.GeoDataFrame:
    """Correct labels by the candidates whose verdict is ``accept``.

    A missing target is added, labels at least half covered by a wrong one are
    dropped, a shifted label's outline is replaced by the candidate's.

    Args:
        candidates: With ``kind``, ``verdict`` and geometry.
        labels: The labels as they are; not changed.

    Returns:
        The corrected labels in the labels' CRS.
    """
    accepted = candidates[candidates["verdict"] == "accept"].to_crs(labels.crs)
    corrected = labels.reset_index(drop=True)
    wrong = accepted.loc[accepted["kind"] == WRONG].geometry
    if len(wrong):
        corrected = corrected[covered_share(corrected.geometry, wrong) < 0.5]
    for outline in accepted.loc[accepted["kind"] == SHIFTED].geometry:
        overlap = corrected.intersection(outline).area
        if overlap.max() > 0:
            corrected.loc[overlap.idxmax(), "geometry"] = outline
    missing = accepted.loc[accepted["kind"] == MISSING, ["geometry"]]
    return pd.concat([corrected, missing], ignore_index=True)
