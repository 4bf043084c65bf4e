"""``mmext reproduce``."""

from typing import Annotated

from pydantic import Field

from mmext.checked import Count, Index, Positive
from mmext.cli.arguments import (
    ConfigFolder,
    ConfigOptions,
    Device,
    ExistingFolder,
    OutputFolder,
    parse_options,
)
from mmext.inference.device import running_on


def reproduce(
    configs: ConfigFolder,
    /,
    *,
    out: OutputFolder,
    train: ExistingFolder | None = None,
    test: ExistingFolder | None = None,
    epoch_scale: Positive | None = None,
    seeds: Annotated[list[Index], Field(min_length=1)] = [0],  # noqa: B006  not changed
    jobs: Count = 1,
    device: Device | None = None,
    cfg_options: ConfigOptions | None = None,
) -> None:
    r"""Run the paper's whole experiment on a tile store, and report it.

    The trunk, branches A and B, stage 1 at full length, four second stages, the report:

        mmext reproduce mmext::demo --out work_dirs/reproduction
        mmext reproduce mmext:: --out work_dirs/ginseng --epoch-scale 0.5 \
            --train data/ginseng/train --test data/ginseng/test --seeds 0 1 2

    What is finished is skipped and what was begun goes on, so after a kill the same
    command is given again.

    Args:
        configs: Folder of stage1_* and stage2_*, or mmext::FOLDER.
        out: Where results go, a folder.
        train: Tile store to train on (default: the configs').
        test: Tile store to test on (default: the configs').
        epoch_scale: Factor of the paper's 100/200/250/300/400 epochs (default: the
            configs').
        seeds: Repeat everything with each of these seeds.
        jobs: How many at once: trainings.
        device: Where the network runs: cpu, cuda or cuda:N (default: a GPU if there is
            one).
        cfg_options: Override settings of the config, as key=value with dotted keys; of
            every training.
    """
    options = parse_options(cfg_options, "--cfg-options")
    if train:
        options["train_dataloader.dataset.store"] = str(train)
    if test:
        options["val_dataloader.dataset.store"] = str(test)
        options["test_dataloader.dataset.store"] = str(test)
    if epoch_scale:
        options["epoch_scale"] = epoch_scale
    from mmext.study.reproduce import reproduce

    with running_on(device):
        notes = reproduce(configs, out, options, seeds, jobs, device)
    for note in notes:
        print(note)
    print(f"{out / 'report' / 'report.html'}: written")
