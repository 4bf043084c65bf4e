"""The section "Maps": some frames by every configuration (Figures 1 and 2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from mmext.datasets.depth.image_file import read_grey
from mmext.errors import UserError
from mmext.evaluation.depth import least_squares_alignment
from mmext.inference.depth import DepthPredictor
from mmext.reporting.report_writer import ReportWriter
from mmext.reporting.style import bare

from .ablation import CONFIGURATIONS, Ablation, checkpoint_of
from .baselines import build_dataset, depth_of

#: Near is light, far is dark; unknown is grey-blue, which is in neither scale.
DEPTH_COLOURS, ERROR_COLOURS, UNKNOWN = "magma_r", "viridis", "#b8c4d0"


@dataclass(frozen=True)
class Frame:
    """A frame with what is true and what each configuration says.

    Attributes:
        sample_id: Which frame.
        thermal: (H, W) float in [0, 1], as the networks are given it.
        truth: (H, W) metres, 0 where unknown.
        metric: Configuration → (H, W) metres.
        structural: Configuration → (H, W) metres: the structural depth at the truth's
            scale and shift.
    """

    sample_id: str
    thermal: np.ndarray
    truth: np.ndarray
    metric: dict[str, np.ndarray]
    structural: dict[str, np.ndarray]


def add_maps(
    writer: ReportWriter, ablation: Ablation, number: int, ids: Sequence[str]
) -> None:
    """Add structural depth, metric depth and its error of some frames.

    Args:
        writer: Of the report.
        ablation: The runs; those of its first seed are drawn.
        number: How many frames, evenly spaced.
        ids: These frames instead.
    """
    writer.heading("Maps")
    with writer.attempt():
        seed = ablation.seeds[0]
        frames = predict_frames(ablation, seed, number, ids)
        cap = float(ablation.config.val_evaluator.max_depth)
        same = "One colour scale for all panels; grey-blue: no truth."
        caption = (
            "Structural depth (Figure 1) at the truth's scale and shift by least "
            f"squares, seed {seed}. {same}"
        )
        figure = structural_panels(frames, cap)
        writer.figure("structural", figure, caption, vector=False)
        caption = (
            f"Metric depth as predicted, not scaled (Figure 2), seed {seed}. {same}"
        )
        writer.figure("metric", metric_panels(frames, cap), caption, vector=False)
        caption = "Relative error of the metric depth; one scale for all panels."
        writer.figure("errors", error_panels(frames, cap), caption, vector=False)


def predict_frames(
    ablation: Ablation, seed: int, number: int, ids: Sequence[str] = ()
) -> list[Frame]:
    """Predict some frames of the scored set with each configuration's last epoch.

    Args:
        ablation: The runs.
        seed: Which seed's.
        number: How many frames, evenly spaced.
        ids: These frames instead.

    Raises:
        UserError: The data or a checkpoint is not there, or there is no such frame.
    """
    config = ablation.config
    dataset = build_dataset(config.val_dataloader.dataset)
    chosen = _choose([sample.sample_id for sample in dataset.samples], number, ids)
    samples = [dataset.samples[index] for index in chosen]
    raw = [read_grey(sample.thermal_path) for sample in samples]
    truths = [depth_of(dataset, sample) for sample in samples]
    cap = float(config.val_evaluator.max_depth)
    frames: list[Frame] = []
    for name, run in ablation.of_seed(seed).items():
        predictor = DepthPredictor(checkpoint_of(run))
        found = [predictor.predict([image])[0] for image in raw]
        if not frames:
            frames = [
                Frame(sample.sample_id, one.thermal, truth, {}, {})
                for sample, one, truth in zip(samples, found, truths, strict=True)
            ]
        for frame, one in zip(frames, found, strict=True):
            frame.metric[name] = one.metric
            frame.structural[name] = structure_in_metres(
                one.structural, frame.truth, predictor.structural_space, cap
            )
    return frames


def structure_in_metres(
    structural: np.ndarray, truth: np.ndarray, space: str, cap: float
) -> np.ndarray:
    """A structural map at the truth's scale and shift, so that maps compare.

    Least squares in the map's own space (depth or inverse depth); inverse depth is
    then turned into metres.

    Args:
        structural: (H, W) > 0, any scale and shift.
        truth: (H, W) metres, 0 where unknown.
        space: ``depth`` or ``inverse_depth``.
        cap: Largest depth that counts, metres.

    Returns:
        (H, W) float32 metres in [0, cap].
    """
    mask = (truth > 0) & (truth < cap)
    if space == "depth":
        aligned = least_squares_alignment(structural, truth, mask)
    else:
        inverse = np.divide(1, truth, out=np.zeros(truth.shape), where=mask)
        aligned = least_squares_alignment(structural, inverse, mask)
        aligned = 1 / np.maximum(aligned, 1 / cap)
    return np.clip(aligned, 0, cap).astype(np.float32)


def structural_panels(frames: Sequence[Frame], cap: float) -> Figure:
    """Figure 1: structural depth by configuration, thermal image and truth beside.

    Args:
        frames: At least one.
        cap: Largest depth that counts, metres.
    """
    return _panels(frames, lambda frame: frame.structural, cap)


def metric_panels(frames: Sequence[Frame], cap: float) -> Figure:
    """Figure 2: metric depth by configuration, thermal image and truth beside.

    Args:
        frames: At least one.
        cap: Largest depth that counts, metres.
    """
    return _panels(frames, lambda frame: frame.metric, cap)


def error_panels(frames: Sequence[Frame], cap: float) -> Figure:
    """|p − d| / d of the metric depth by configuration.

    Args:
        frames: At least one.
        cap: Largest depth that counts, metres.
    """
    errors = [
        {
            name: _error(values, frame.truth, cap)
            for name, values in frame.metric.items()
        }
        for frame in frames
    ]
    highest = max(
        float(np.nanpercentile(values, 95))
        for row in errors
        for values in row.values()
        if np.isfinite(values).any()
    )
    names = list(frames[0].metric)
    figure, grid = _grid(frames, ["thermal", *_titles(names)])
    for row, frame, found in zip(grid, frames, errors, strict=True):
        row[0].imshow(frame.thermal, cmap="gray", vmin=0, vmax=1)
        for axes, name in zip(row[1:], names, strict=True):
            shown = axes.imshow(
                found[name], cmap=_colours(ERROR_COLOURS), vmin=0, vmax=highest
            )
    label = "|p − d| / d"
    figure.colorbar(shown, ax=grid, label=label, shrink=0.8, extend="max", pad=0.01)
    return figure


def _choose(all_ids: Sequence[str], number: int, ids: Sequence[str]) -> list[int]:
    if not ids:
        places = np.linspace(0, len(all_ids) - 1, min(number, len(all_ids)))
        return sorted({round(place) for place in places})
    unknown = [name for name in ids if name not in all_ids]
    if unknown:
        raise UserError(
            f"--samples: there is no sample {unknown[0]}, expected ids such as "
            f"{all_ids[0]}"
        )
    return [list(all_ids).index(name) for name in ids]


def _panels(
    frames: Sequence[Frame],
    maps_of: Callable[[Frame], dict[str, np.ndarray]],
    cap: float,
) -> Figure:
    names = list(maps_of(frames[0]))
    figure, grid = _grid(frames, ["thermal", "truth", *_titles(names)])
    low, high = _limits(frames, cap)
    for row, frame in zip(grid, frames, strict=True):
        row[0].imshow(frame.thermal, cmap="gray", vmin=0, vmax=1)
        truth = np.where(frame.truth > 0, frame.truth, np.nan)
        maps = [truth, *(maps_of(frame)[name] for name in names)]
        for axes, values in zip(row[1:], maps, strict=True):
            shown = axes.imshow(
                values, cmap=_colours(DEPTH_COLOURS), vmin=low, vmax=high
            )
    figure.colorbar(
        shown, ax=grid, label="depth, m", shrink=0.8, extend="both", pad=0.01
    )
    return figure


def _grid(frames: Sequence[Frame], titles: Sequence[str]) -> tuple[Figure, np.ndarray]:
    height, width = frames[0].thermal.shape
    side = 1.75
    size = (side * len(titles) + 0.8, side * height / width * len(frames) + 0.5)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(frames), len(titles), squeeze=False)
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=7.5, loc="center")
    for row, frame in zip(grid, frames, strict=True):
        for axes in row:
            bare(axes)
        row[0].set_ylabel(frame.sample_id, fontsize=7)
    return figure, grid


def _titles(names: Sequence[str]) -> list[str]:
    titles = [CONFIGURATIONS.get(name, name) for name in names]
    # The paper's letters, (a) to (e).
    return [
        f"({chr(ord('a') + n)}) {title}".replace(", ", ",\n")
        for n, title in enumerate(titles)
    ]


def _limits(frames: Sequence[Frame], cap: float) -> tuple[float, float]:
    """Ends of the one colour scale: 1 and 99 % of the true depth of all frames."""
    known = [f.truth[(f.truth > 0) & (f.truth < cap)] for f in frames]
    values = np.concatenate(known)
    if not len(values):
        return 0.0, cap
    low, high = np.percentile(values, (1, 99))
    return float(low), float(high)


def _error(values: np.ndarray, truth: np.ndarray, cap: float) -> np.ndarray:
    mask = (truth > 0) & (truth < cap)
    error = np.full(truth.shape, np.nan)
    error[mask] = np.abs(values[mask] - truth[mask]) / truth[mask]
    return error


def _colours(name: str) -> Colormap:
    return colormaps[name].with_extremes(bad=UNKNOWN)
