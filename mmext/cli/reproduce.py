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

    Trunk, branches A and B, stage 1 at full length, four second stages, report:

        mmext reproduce configs/demo --out work_dirs/reproduction
        mmext reproduce configs --out work_dirs/ginseng --epoch-scale 0.5 \
            --train data/ginseng/train --test data/ginseng/test --seeds 0 1 2

    What is finished is skipped and what was begun goes on, so a killed call is made
    again.

    Args:
        configs: Folder of stage1_* and stage2_*, or mmext::FOLDER.
        out: Folder.
        train: Tile store to train on (the configs').
        test: Tile store to test on (the configs').
        epoch_scale: Factor of the paper's 100/200/250/300/400 epochs (the configs').
        seeds: A repetition of everything for each.
        jobs: Trainings at once.
        device: Where networks run: cpu, cuda or cuda:N (a GPU if there is one).
        cfg_options: Override settings of every training, as key=value with dotted keys.
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
