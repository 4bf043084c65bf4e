"""The ablation in numbers: ours with spread, the paper's, and trivial baselines."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from mmext.evaluation.depth import SCORES
from mmext.reporting.numbers import mean_and_deviation, rounded

from .ablation import (
    CONFIGURATIONS,
    TABLE_1,
    Ablation,
    last_score,
    published_change,
)

SETS = {
    "all": "all pixels",
    "all_median": "all pixels, median-scaled",
    "object": "object pixels",
    "object_median": "object pixels, median-scaled",
}
#: Scores as the page heads them; the units are the scores' own.
SCORE_NAMES = {
    "abs_rel": "AbsRel",
    "sq_rel": "SqRel, m",
    "rmse": "RMSE, m",
    "rmse_log": "RMSElog",
    "log10": "log10",
    "silog": "SILog, %",
    "d1": "δ1",
    "d2": "δ2",
    "d3": "δ3",
}
_SHOWN = (
    ("all", "abs_rel"),
    ("all", "rmse"),
    ("all", "d1"),
    ("object", "abs_rel"),
    ("object", "rmse"),
    ("all_median", "abs_rel"),
    ("all_median", "rmse"),
)
_SHORT = {
    "all": "",
    "all_median": ", median-scaled",
    "object": ", objects",
    "object_median": ", objects, median-scaled",
}
Baselines = Mapping[str, Mapping[str, float]]


def scored_sets(ablation: Ablation) -> list[str]:
    """The pixel sets that the ablation's runs have scores of."""
    run = ablation.any_run
    return [
        name for name in SETS if np.isfinite(run.series("test", name, "abs_rel")).any()
    ]


def ablation_headings(ablation: Ablation) -> dict[str, str]:
    """Headings of the ablation table, by column."""
    known = scored_sets(ablation)
    columns = {"configuration": "Configuration", "seeds": "Seeds"}
    for pixels, score in _SHOWN:
        if pixels in known:
            columns[f"{pixels}.{score}"] = f"{SCORE_NAMES[score]}{_SHORT[pixels]}"
        if pixels == "all" and score in TABLE_1["all"]:
            # Without a unit: the paper states none.
            name = SCORE_NAMES[score].removesuffix(", m")
            columns[f"paper.{score}"] = f"{name}, paper"
    return columns


def ablation_rows(ablation: Ablation, baselines: Baselines) -> list[dict[str, object]]:
    """A row a configuration with mean ± spread over seeds, then a row a baseline.

    Args:
        ablation: The runs; scores are those of the last epoch.
        baselines: Baseline → metric → value.
    """
    columns = [column for column in ablation_headings(ablation) if "." in column]
    rows: list[dict[str, object]] = []
    for name, members in ablation.runs.items():
        row: dict[str, object] = {
            "configuration": CONFIGURATIONS.get(name, name),
            "seeds": len(members),
        }
        for column in columns:
            source, score = column.split(".")
            if source == "paper":
                printed = TABLE_1.get(name, {}).get(score)
                row[column] = None if printed is None else f"{printed:.4f}"
            else:
                row[column] = mean_and_deviation(ablation.values(name, source, score))
        rows.append(row)
    for name, metrics in baselines.items():
        row = {"configuration": name, "_class": "paper"}
        rows.append(row | {c: metrics.get(c) for c in columns})
    return rows


def change_rows(ablation: Ablation) -> list[dict[str, object]]:
    """How far a configuration changes AbsRel and RMSE, ours beside the paper's.

    Changes are relative to all losses and taken seed by seed, so that units cancel.

    Returns:
        Rows with ``configuration`` and, by score, ``…``, ``….paper`` and
        ``….verdict``; empty without runs of all losses.
    """
    rows = []
    for name in ablation.runs:
        if name == "all" or "all" not in ablation.runs:
            continue
        row: dict[str, object] = {"configuration": CONFIGURATIONS.get(name, name)}
        for score in ("abs_rel", "rmse"):
            changes = relative_changes(ablation, name, score)
            paper = published_change(name, score) if name in TABLE_1 else None
            row[score] = mean_and_deviation(changes, "+.1%")
            row[f"{score}.paper"] = None if paper is None else rounded(paper, "+.1%")
            row[f"{score}.verdict"] = verdict(changes, paper)
        rows.append(row)
    return rows


CHANGE_HEADINGS = {
    "configuration": "Against all losses",
    "abs_rel": "AbsRel",
    "abs_rel.paper": "AbsRel, paper",
    "abs_rel.verdict": "Agrees",
    "rmse": "RMSE",
    "rmse.paper": "RMSE, paper",
    "rmse.verdict": "Agrees",
}


def relative_changes(ablation: Ablation, name: str, score: str) -> np.ndarray:
    """(S,) change of a score against all losses, of the seeds that have both."""
    changes = []
    for run in ablation.runs[name]:
        reference = ablation.of_seed(run.seed).get("all")
        if reference is not None:
            ours = last_score(run, "all", score)
            changes.append(ours / last_score(reference, "all", score) - 1)
    return np.array(changes)


def verdict(changes: np.ndarray, paper: float | None) -> str:
    """Whether the seeds show the change that the paper prints, or any.

    ``yes`` and ``no`` (of what the paper has not: ``lower`` and ``higher``) only if the
    95 % interval of the mean (Student's t over seeds) excludes no change; otherwise
    the seeds do not decide.
    """
    changes = changes[np.isfinite(changes)]
    if len(changes) < 2:
        return "one seed" if len(changes) else "–"
    mean, error = changes.mean(), changes.std(ddof=1) / np.sqrt(len(changes))
    if abs(mean) <= stats.t.ppf(0.975, len(changes) - 1) * error:
        return "undecided"
    if paper is None:
        return "higher" if mean > 0 else "lower"
    return "yes" if (mean > 0) == (paper > 0) else "no"


def overview_rows(
    ablations: Sequence[Ablation], baselines: Sequence[Baselines]
) -> list[dict[str, object]]:
    """AbsRel of all ablations: a row each ablation and pixel set.

    Args:
        ablations: The ablations.
        baselines: Those of each.

    Returns:
        Rows with ``ablation``, ``pixels``, a column each configuration, and
        ``baseline``: the best of the ablation's.
    """
    rows: list[dict[str, object]] = []
    for ablation, known in zip(ablations, baselines, strict=True):
        for pixels in ("all", "object"):
            if pixels not in scored_sets(ablation):
                continue
            row: dict[str, object] = {"ablation": ablation.label}
            row["pixels"] = SETS[pixels]
            for name in ablation.runs:
                row[name] = mean_and_deviation(ablation.values(name, pixels, "abs_rel"))
            values = [m.get(f"{pixels}.abs_rel", np.nan) for m in known.values()]
            row["baseline"] = min((v for v in values if np.isfinite(v)), default=None)
            rows.append(row)
    return rows


def overview_headings(ablations: Sequence[Ablation]) -> dict[str, str]:
    """Headings of :func:`overview_rows`."""
    names = {name for ablation in ablations for name in ablation.runs}
    ordered = [name for name in CONFIGURATIONS if name in names]
    ordered += sorted(names - set(ordered))
    return {
        "ablation": "Ablation",
        "pixels": "Pixels",
        **{name: CONFIGURATIONS.get(name, name) for name in ordered},
        "baseline": "best without the image",
    }


def score_rows(ablation: Ablation, baselines: Baselines) -> list[dict[str, object]]:
    """Every score of every pixel set, a row each configuration and seed.

    Returns:
        Rows with ``configuration``, ``seed`` (absent for baselines), ``pixels`` and
        the scores.
    """
    rows: list[dict[str, object]] = []
    for name, members in ablation.runs.items():
        for run in members:
            for pixels in scored_sets(ablation):
                scores = {s: last_score(run, pixels, s) for s in SCORES}
                key = {"configuration": name, "seed": run.seed, "pixels": pixels}
                rows.append({**key, **scores})
    for name, metrics in baselines.items():
        for pixels in SETS:
            if f"{pixels}.abs_rel" in metrics:
                scores = {s: metrics[f"{pixels}.{s}"] for s in SCORES}
                rows.append({"configuration": name, "pixels": pixels, **scores})
    return rows
