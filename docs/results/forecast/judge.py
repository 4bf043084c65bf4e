"""Study 9 of the protocol: is the second stage's gain to be seen in stage 1?

python docs/results/forecast/judge.py WORLDS OUT [STUDY_FILE STUDY_FOLDER]...

WORLDS is the folder of worlds.py; each further pair is a study of real data and its
--out. Writes OUT/worlds.csv (what stage 1 looked like, and what the second stage
gained), OUT/gains.png (the same to look at), OUT/forecast.csv (each forecast) and
prints the rule and what it gets right.
"""

import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from mmengine.device import get_device
from scipy import ndimage, stats
from scipy.special import expit

from mmext.datasets.tile_store import TileStore
from mmext.engine.work_dir import checkpoint_path, read_run_record, snapshot_path
from mmext.evaluation.answers import Answers
from mmext.evaluation.confusion import Confusion, confusion
from mmext.inference.checkpoint import load_model
from mmext.inference.prediction_dump import dump_predictions, load_predictions
from mmext.pixel_values import IGNORE
from mmext.reporting.style import AXIS, SERIES, styled
from mmext.structures import load_bank
from mmext.study.study_file import read_study

TWO, ONE, STAGE_1 = "two stages", "one stage", "stage1_B"
FEATURES = {
    "errors": "errors for each target pixel (log10)",
    "train_iou_then": "training IoU when errors begin",
    "gap": "training less validation IoU",
    "calibration": "calibration error over target share (log10)",
    "border": "share of errors at outlines",
    "lookalikes": "FP off outlines for each target pixel (log10)",
}
USES = {"fit": "fitted on", "test": "other worlds", "real": "real data"}
PENALTIES = 10.0 ** np.arange(-2, 4)
NEAR, BINS = 2, 20


def errors_of_the_bank(work_dir: Path, store: TileStore) -> dict[str, float]:
    """How many errors, how many of them at borders, how many like the target."""
    epoch = read_run_record(work_dir)["trained_epochs"]
    bank = load_bank(snapshot_path(work_dir, epoch))
    cross = ndimage.generate_binary_structure(2, 1)
    wrong = at_border = far = target = 0
    for tile_id in range(len(store.masks)):
        mask = store.masks[tile_id]
        truth = mask == 1
        fn, fp = bank.fn(tile_id), bank.fp(tile_id)
        near = ndimage.binary_dilation(truth, cross, NEAR) & ~ndimage.binary_erosion(
            truth, cross, NEAR, border_value=1
        )
        errors = fn | fp
        wrong += int(errors.sum())
        at_border += int((errors & near).sum())
        far += int((fp & ~near).sum())
        target += int(truth.sum())
    return {
        "errors": np.log10(max(wrong, 1) / target),
        "border": at_border / max(wrong, 1),
        "lookalikes": np.log10(max(far, 1) / target),
    }


def on_validation_data(work_dir: Path, val: TileStore) -> tuple[float, float]:
    """IoU as trained, and calibration error of the pixels over the target's share."""
    epoch = read_run_record(work_dir)["trained_epochs"]
    folder = work_dir / "forecast_predictions"
    if not folder.exists():
        model = load_model(checkpoint_path(work_dir, epoch), get_device()).model
        dump_predictions(model, val, folder)
    counts = Confusion(0, 0, 0)
    pixels, right, summed = (np.zeros(BINS) for _ in range(3))
    for scene in Answers(val, [load_predictions(folder)]).scenes():
        counts += confusion(scene.logits[0] > 0, scene.target)
        valid = scene.target != IGNORE
        probability = expit(scene.logits[0][valid].astype(np.float64))
        index = np.minimum((probability * BINS).astype(int), BINS - 1)
        pixels += np.bincount(index, minlength=BINS)
        summed += np.bincount(index, probability, BINS)
        right += np.bincount(index, scene.target[valid] == 1, BINS)
    error = np.abs(summed - right).sum() / pixels.sum()
    return counts.iou, error / (right.sum() / pixels.sum())


def look_at(study_path: Path, out: Path) -> dict[str, float]:
    """Means over seeds of what stage 1 looks like and of the gain; its deviation."""
    study = read_study(study_path)
    train, val = (TileStore(study.stores[split]) for split in ("train", "val"))
    results = out / "results" / study.path.stem
    scores = pd.read_csv(results / "seeds.csv").set_index(["arm", "seed"])["iou"]
    facts = pd.read_csv(results / "trainings.csv").set_index(["training", "seed"])
    two = next(arm.name for arm in study.arms if arm.name.startswith(TWO))
    rows = []
    for seed in study.seeds:
        work_dir = out / f"seed{seed}" / STAGE_1
        iou, calibration = on_validation_data(work_dir, val)
        fitted = facts.loc[(STAGE_1, seed)]
        rows.append(
            {
                **errors_of_the_bank(work_dir, train),
                "train_iou_then": fitted["iou_then"],
                "gap": fitted["train_iou"] - iou,
                "calibration": np.log10(calibration),
                "gain": scores[two, seed] - scores[ONE, seed],
            }
        )
    table = pd.DataFrame(rows)
    return {**table.mean(), "gain_deviation": table["gain"].std()}


class Ridge:
    """Linear regression on standardised features, its penalty left-one-out."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        """Fit: x is (N, F), y (N,)."""
        self.mean, self.scale = x.mean(axis=0), x.std(axis=0) + 1e-9
        self.level = y.mean()
        x, y = (x - self.mean) / self.scale, y - self.level

        def left_out(penalty: float) -> float:
            inverse = np.linalg.inv(x.T @ x + penalty * np.eye(x.shape[1]))
            hat = x @ inverse @ x.T + 1 / len(y)
            return float((((y - hat @ y) / (1 - np.diag(hat))) ** 2).mean())

        self.penalty = min(PENALTIES, key=left_out)
        self.error = left_out(self.penalty) ** 0.5
        gram = x.T @ x + self.penalty * np.eye(x.shape[1])
        self.weights = np.linalg.solve(gram, x.T @ y)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """(M,) forecasts of (M, F)."""
        return self.level + (x - self.mean) / self.scale @ self.weights


def places(worlds: Path, real: list[str]) -> Iterator[tuple[str, str, Path, Path]]:
    """Name, what it is for, study file and folder of each world and real set."""
    for world in sorted(worlds.iterdir()):
        use = "test" if world.name.startswith("other_") else "fit"
        yield world.name, use, world / "study.py", world / "study"
    for study, out in list(pairwise(real))[::2]:
        yield Path(study).stem, "real", Path(study), Path(out)


def differs(study: Path) -> str:
    """In what a world differs from a plain one; of real data nothing."""
    path = study.with_name("world.json")
    told = json.loads(path.read_text()) if path.exists() else {}
    return "; ".join(f"{key} {value}" for key, value in told.items())


def draw_gains(table: pd.DataFrame) -> Figure:
    """The second stage's gain by each thing that the forecast sees."""
    figure = Figure(figsize=(10.5, 6), layout="constrained")
    panels = figure.subplots(2, 3, sharey=True)
    for (feature, title), axes in zip(FEATURES.items(), panels.flat, strict=True):
        for (use, label), colour in zip(USES.items(), SERIES, strict=False):
            rows = table[table["use"] == use]
            axes.plot(rows[feature], rows["gain"], "o", color=colour, label=label)
        axes.axhline(0, color=AXIS, lw=1, zorder=0)
        axes.set_xlabel(title)
    for axes in panels[:, 0]:
        axes.set_ylabel("gain in test IoU")
    figure.legend(
        *panels[0, 0].get_legend_handles_labels(),
        loc="outside upper center",
        ncols=len(USES),
    )
    return figure


def main() -> None:
    """Look at all, fit on the worlds to fit on, judge on the others."""
    worlds, out, *real = sys.argv[1:]
    rows = [
        {
            "world": name,
            "use": use,
            "differs": differs(study),
            **look_at(study, folder),
        }
        for name, use, study, folder in places(Path(worlds), real)
    ]
    table = pd.DataFrame(rows)
    Path(out).mkdir(parents=True, exist_ok=True)
    table.to_csv(Path(out) / "worlds.csv", index=False, float_format="%.5g")
    with styled():
        draw_gains(table).savefig(Path(out) / "gains.png")
    fit, judged = table[table["use"] == "fit"], table[table["use"] != "fit"].copy()
    ridge = Ridge(fit[list(FEATURES)].to_numpy(), fit["gain"].to_numpy())
    judged["forecast"] = ridge(judged[list(FEATURES)].to_numpy())
    judged["right"] = (judged["forecast"] > 0) == (judged["gain"] > 0)
    usual = bool((fit["gain"] > 0).mean() > 0.5)
    judged["usual_right"] = (judged["gain"] > 0) == usual
    columns = ["world", "use", "gain", "forecast", "right", "usual_right"]
    judged[columns].to_csv(Path(out) / "forecast.csv", index=False, float_format="%.4f")
    right, number = int(judged["right"].sum()), len(judged)
    p = stats.binomtest(right, number, 0.5, alternative="greater").pvalue
    print(dict(zip(FEATURES, ridge.weights.round(4), strict=True)), ridge.penalty)
    print(f"left-one-out error {ridge.error:.3f}, spread {fit['gain'].std():.3f}")
    off = ((judged["forecast"] - judged["gain"]) ** 2).mean() ** 0.5
    print(f"off by {off:.3f} (root mean square) on the others")
    print(f"{right} of {number} right, p {p:.3f}; always {usual}: ", end="")
    print(int(judged["usual_right"].sum()))


if __name__ == "__main__":
    main()
