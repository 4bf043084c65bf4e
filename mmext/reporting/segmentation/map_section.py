"""The test scenes: maps, and what changed from stage 1 to stage 2."""

from mmext.reporting.html_page import Link
from mmext.reporting.report_writer import ReportWriter

from .evaluation import Evaluation
from .experiment import Experiment
from .finds import (
    FALSE,
    FOUND,
    HEADINGS,
    LOST,
    OVERSHOOT,
    Find,
    find_differences,
    rank_finds,
)
from .scene_layers import assemble, scene_names
from .scene_maps import draw_scene
from .zooms import Zoom, cut_zoom, draw_zooms

_MAPS = 4
_ZOOMS = 4
_LISTED = 10
_KINDS = (FOUND, FALSE)
_ALL = (FOUND, LOST, FALSE, OVERSHOOT)
_TITLES = {FOUND: "Found by stage 2 only", FALSE: "False alarms"}
_MAP_SITE = (
    "https://www.openstreetmap.org/?mlat={1:.6f}&mlon={0:.6f}#map=18/{1:.6f}/{0:.6f}"
)


def add_maps(
    writer: ReportWriter, experiment: Experiment, evaluation: Evaluation
) -> None:
    """Add Figures 11 to 13 and the list of differences.

    Args:
        writer: Of the report.
        experiment: The runs.
        evaluation: Their answers.
    """
    case = experiment.shown_case
    second = evaluation.cases.get(case) if case else None
    known = second or evaluation.stage1
    if known is None:
        return
    writer.heading("Maps")
    if second is not None and len(experiment.cases) > 1:
        writer.page.text(f"Stage 2 is case {case}, the last in the paper's order.")
    store, names = known.store, scene_names(known.store)
    stage1 = evaluation.stage1.dump if evaluation.stage1 else None
    finds: list[Find] = []
    zooms: dict[str, list[Zoom]] = {kind: [] for kind in _KINDS}
    for number, scene in enumerate(
        assemble(store, names, stage1, second.dump if second else None)
    ):
        if number < _MAPS:
            caption = f"{scene.name} (Figure 11)."
            writer.figure(f"map_{scene.name}", draw_scene(scene), caption, vector=False)
        here = find_differences(scene)
        finds += here
        for kind in _KINDS:
            best = rank_finds(here, kind)[:_ZOOMS]
            both = zooms[kind] + [cut_zoom(scene, find) for find in best]
            both.sort(key=lambda zoom: -zoom.find.pixels)
            zooms[kind] = both[:_ZOOMS]
    if len(names) > _MAPS:
        writer.page.text(
            f"Drawn are the {_MAPS} of {len(names)} scenes with most target; what "
            "follows is of all.",
            quiet=True,
        )
    if stage1 is not None and second is not None:
        _add_finds(writer, finds, zooms)


def _add_finds(
    writer: ReportWriter, finds: list[Find], zooms: dict[str, list[Zoom]]
) -> None:
    writer.heading("What changed, field by field")
    ranked = {kind: rank_finds(finds, kind) for kind in _ALL}
    writer.page.text(
        f"Stage 2 finds {len(ranked[FOUND])} fields that stage 1 missed and misses "
        f"{len(ranked[LOST])} that stage 1 found; a field is found if at least half of "
        f"it is covered. Of the areas it maps {len(ranked[FALSE])} are false alarms, "
        f"without a true pixel, and {len(ranked[OVERSHOOT])} more are mostly false. "
        "All are in finds.csv."
    )
    captions = {
        FOUND: "The largest fields that only stage 2 found (Figure 12).",
        FALSE: "The largest false alarms of stage 2 (Figure 13). Some may be fields "
        "that the labels lack.",
    }
    for kind, name in ((FOUND, "found"), (FALSE, "false_alarms")):
        if not ranked[kind]:
            continue
        writer.page.subheading(_TITLES[kind])
        caption = (
            f"{captions[kind]} Stage 2: white target channel, red error channel, blue "
            "both. On the image, yellow: truth, red: stage 2. Beside each its size "
            "and the map coordinates of its middle."
        )
        writer.figure(name, draw_zooms(zooms[kind]), caption, vector=False)
        listed = list(enumerate(ranked[kind][:_LISTED], start=1))
        rows = [_linked(find, rank) for rank, find in listed]
        headings = {k: v for k, v in HEADINGS.items() if k != "kind"}
        writer.page.table(rows, headings | {"link": "Map"}, text=2)
    rows = [
        find.as_row(rank)
        for members in ranked.values()
        for rank, find in enumerate(members, start=1)
    ]
    writer.csv("finds", rows, list(HEADINGS))


def _linked(find: Find, rank: int) -> dict[str, object]:
    row = find.as_row(rank)
    for key in ("x", "y", "area_m2", "longitude", "latitude"):
        digits = 5 if key in ("longitude", "latitude") else 1
        value = row[key]
        row[key] = "–" if value is None else f"{value:,.{digits}f}".replace("-", "−")
    if find.degrees is not None:
        row["link"] = Link("open", _MAP_SITE.format(*find.degrees))
    return row
