"""``mmext fit-decision``."""

from mmext.cli.arguments import Device, Existing, ExistingFolder, OutputFile
from mmext.inference.device import running_on


def fit_decision(
    run: Existing,
    /,
    *,
    store: ExistingFolder,
    out: OutputFile | None = None,
    device: Device | None = None,
) -> None:
    r"""Choose a model's thresholds, mode and growth on validation data.

    Predicts the store once, compares the standard candidates for the model's channels
    by pixel IoU over whole scenes, and writes a copy of the checkpoint that decides by
    the best: test, predict, export and report use it without a flag. On the objects
    that it makes of the store it learns how likely an object is correct, which predict
    writes at each polygon (correct_prob). Beside it lies the validation curve:
    NAME_curve.csv, .png and .svg.

        mmext fit-decision work_dirs/demo/stage2_A100-200/epoch_32.pth \
            --store data/demo/val
        mmext predict work_dirs/demo/stage2_A100-200/epoch_32_decided.pth \
            data/demo/scenes/test.tif --out map

    Args:
        run: Work directory, or a checkpoint in it.
        store: Tile store that decides, of validation data.
        out: Where results go, a .pth file (default: CHECKPOINT_decided.pth, beside the
            checkpoint).
        device: Where the network runs: cpu, cuda or cuda:N (default: a GPU if there is
            one).
    """
    from mmext.reporting.fitting_decision import fit_run

    with running_on(device):
        fitted = fit_run(run, store, out)
    fit = fitted.fit
    print(
        f"{fitted.checkpoint}: IoU {fit.counts[0].iou:.4f} on {store} as it decided "
        f"before ({fit.rules[0]})"
    )
    kept = ", the one it had" if fit.index == 0 else ""
    print(
        f"{fitted.out}: IoU {fit.iou:.4f} with {fit.rule}{kept}; the best of "
        f"{len(fit.rules)} candidates"
    )
    if fitted.correctness:
        correct, objects = fitted.correctness.correct, fitted.correctness.objects
        print(
            f"{fitted.out}: {correct} of {objects} objects on {store} are correct; "
            "maps will say how likely each one is (correct_prob)"
        )
    for warning in fitted.warnings:
        print(f"warning: {warning}")
