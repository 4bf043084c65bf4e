"""What was run: settings, seed, versions, hardware, time, data."""

from collections.abc import Sequence

from mmext.datasets.sample_store import open_store
from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError

from .report_writer import ReportWriter
from .runs import Run

HEADINGS = {
    "config": "Work directory",
    "state": "State",
    "epochs": "Epochs",
    "seed": "Seed",
    "grows_from": "Grows from",
    "minutes": "Minutes",
    "processes": "Processes",
    "hardware": "Hardware",
    "versions": "Versions",
    "data": "Training data",
}
_DATA_HEADINGS = {
    "path": "Store",
    "tiles": "Tiles",
    "positive": "With target",
    "share": "Target pixels",
    "size": "Tile, px",
    "metres": "Pixel, m",
    "bands": "Bands",
    "scenes": "Scenes",
    "fingerprint": "Fingerprint",
}


def add_provenance(writer: ReportWriter, runs: Sequence[Run]) -> None:
    """Add a line per run, its data, and its resolved config."""
    writer.heading("What was run")
    rows = [_row(run) for run in runs]
    shown = {key: text for key, text in HEADINGS.items() if key != "versions"}
    writer.page.table(rows, shown, text=2)
    versions = sorted({str(row["versions"]) for row in rows} - {""})
    for text in versions:
        of = [str(row["config"]) for row in rows if row["versions"] == text]
        whose = "All" if len(versions) == 1 else ", ".join(of)
        writer.page.text(f"{whose}: {text}.", quiet=True)
    writer.csv("runs", rows, list(HEADINGS))
    stores = _stores(runs)
    if stores:
        writer.page.table([_data_row(store) for store in stores], _DATA_HEADINGS)
    for run in runs:
        if run.config_path.is_file():
            writer.page.folded(f"Config of {run.path}", run.config_path.read_text())


def _row(run: Run) -> dict[str, object]:
    record = run.record
    versions = record.get("versions") or {}
    hardware = record.get("hardware") or {}
    processor = f"{hardware.get('cpu_cores', '?')} CPU cores"
    seconds = record.get("seconds")
    grows_from = None
    if run.parents:
        grows_from = f"{', '.join(run.parents)} at {run.lineage['epoch']}"
    return {
        "config": str(run.path),
        "state": record["state"],
        "epochs": f"{run.last_epoch} of {record['epochs']}",
        "seed": run.seed,
        "grows_from": grows_from,
        "minutes": None if seconds is None else f"{seconds / 60:.1f}",
        "processes": record.get("processes"),
        "hardware": hardware.get("gpu") or processor,
        "versions": ", ".join(f"{name} {text}" for name, text in versions.items()),
        "data": run.fingerprint[:12],
    }


def _stores(runs: Sequence[Run]) -> list[TileStore]:
    found: dict[str, TileStore] = {}
    for run in runs:
        try:
            config = run.read_config()
            for loader in (config.train_dataloader, config.test_dataloader):
                store = open_store(loader.dataset.store)
                found.setdefault(store.fingerprint, store)
        except (UserError, AttributeError):
            continue  # the sections that need the store have said so
    return list(found.values())


def _data_row(store: TileStore) -> dict[str, object]:
    meta = store.meta
    metres = meta["pixel_size_m"]
    return {
        "path": str(store.path),
        "tiles": f"{len(store):,}",
        "positive": f"{meta['positive_tiles']:,}",
        "share": f"{meta['positive_share']:.2%}",
        "size": meta["tile_size"],
        "metres": None if metres is None else f"{metres:.3g}",
        "bands": len(meta["bands"]),
        "scenes": len(meta["scenes"]),
        "fingerprint": store.fingerprint[:12],
    }
