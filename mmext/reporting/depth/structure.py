"""The section "Structure": scale-free scores of both outputs, and steadiness."""

import numpy as np

from mmext.reporting.numbers import mean_and_deviation
from mmext.reporting.report_writer import ReportWriter
from mmext.reporting.runs import Run

from .ablation import CONFIGURATIONS, Ablation

_OUTPUTS = ("structural", "metric")
#: Scores as the page heads them.
_SCORES = {
    "aligned_abs_rel": "AbsRel, aligned",
    "correlation": "Rank correlation",
    "collapsed": "Collapsed",
    "order_error": "Order error",
    "edge_accuracy": "Edge accuracy, px",
    "edge_completeness": "Edge completeness, px",
    "checkerboard": "Checkerboard",
}
_HEADINGS = {
    "configuration": "Configuration",
    "output": "Output",
    **_SCORES,
    "steadiness": "AbsRel, deviation over epochs",
}
# Of the scored epochs, those at the end whose deviation is shown.
_LAST = 1 / 3


def add_structure(writer: ReportWriter, ablation: Ablation) -> None:
    """Add the table of structure scores, if the runs have them.

    Args:
        writer: Of the report.
        ablation: The runs.
    """
    rows = structure_rows(ablation)
    if not rows:
        return
    writer.heading("Structure")
    writer.page.table(rows, _HEADINGS, text=2)
    writer.csv("structure", rows, list(_HEADINGS))
    writer.page.text(
        "Whatever the scale and shift of a map, all pixels, mean ± standard deviation "
        "over seeds. Collapsed: share of images whose rank correlation with the truth "
        "is below 0.5. Order error: share of pairs of pixels ordered wrongly. Edges: "
        "distance to the nearest true edge, and from true edges. Checkerboard: 1 is "
        "none. Deviation over epochs: of the last third of those scored, metric depth "
        "as predicted.",
        quiet=True,
    )


def structure_rows(ablation: Ablation) -> list[dict[str, object]]:
    """A row each configuration and output, mean ± deviation over seeds.

    Returns:
        Rows with ``configuration``, ``output``, the scores and, of the metric output,
        ``steadiness``; empty if no run has such scores.
    """
    rows: list[dict[str, object]] = []
    for name, runs in ablation.runs.items():
        for output in _OUTPUTS:
            scores = {
                score: mean_and_deviation(ablation.values(name, output, score))
                for score in _SCORES
            }
            if not any(scores.values()):
                continue
            row = {"configuration": CONFIGURATIONS.get(name, name), "output": output}
            steady = [deviation_over_epochs(run) for run in runs]
            known = mean_and_deviation(steady) if output == "metric" else None
            rows.append({**row, **scores, "steadiness": known})
    return rows


def deviation_over_epochs(run: Run) -> float:
    """Standard deviation of AbsRel over the last third of the scored epochs.

    NaN of fewer than three such epochs.
    """
    series = run.series("test", "all", "abs_rel")
    known = series[np.isfinite(series)]
    last = known[len(known) - round(_LAST * len(known)) :]
    return float(last.std(ddof=1)) if len(last) >= 3 else float("nan")
