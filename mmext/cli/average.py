"""``mmext average``."""

from typing import Annotated

from pydantic import Field

from mmext.checked import Count
from mmext.cli.arguments import Device, ExistingFolder, OutputFile


def average(
    run: ExistingFolder,
    /,
    *,
    out: OutputFile,
    last: Count | None = None,
    ema: Annotated[float, Field(gt=0, lt=1)] | None = None,
    device: Device | None = None,
) -> None:
    r"""Average the weights of a training's checkpoints into one checkpoint.

    Batch-norm statistics are estimated anew, in one pass over the training's batches.
    The training must have kept several checkpoints:
    default_hooks.checkpoint.max_keep_ckpts.

        mmext average work_dirs/demo/stage1_trunk --last 40 --out averaged.pth
        mmext predict averaged.pth ortho.tif --out map

    Args:
        run: Work directory of the training.
        out: Where results go, a .pth file.
        last: Epochs from the end whose checkpoints are averaged (default: all that
            were kept).
        ema: Weigh checkpoints exponentially, with this decay from one to the one
            before (default: all alike).
        device: Where the network runs: cpu, cuda or cuda:N (default: a GPU if there is
            one).
    """
    from mmext.engine.work_dir import last_checkpoints, refuse_own_checkpoint
    from mmext.inference.averaging import write_average
    from mmext.inference.device import choose_device

    refuse_own_checkpoint(run, out)
    found = last_checkpoints(run, last)
    write_average(list(found.values()), out, ema, choose_device(device))
    print(
        f"{out}: average of {len(found)} checkpoints, epochs {min(found)} to "
        f"{max(found)}; batch-norm statistics estimated anew"
    )
