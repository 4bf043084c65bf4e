"""``mmext browse``."""

from typing import Literal

from mmext.checked import Count
from mmext.cli.arguments import ConfigFile, ConfigOptions, OutputFolder, parse_options


def browse(
    config: ConfigFile,
    /,
    *,
    out: OutputFolder,
    loader: Literal["train", "val", "test"] = "train",
    show: Count = 32,
    work_dir: OutputFolder | None = None,
    cfg_options: ConfigOptions | None = None,
) -> None:
    """Show what a training is shown: samples after augmentation, with both masks.

    A row is a sample: image, label (white target, grey ignored) and, in a second stage,
    the error mask (orange FN, pink FP). samples.csv says which row is which tile.

        mmext browse mmext::demo/stage2_B100-300.py --out samples

    Args:
        config: Config file, or mmext::NAME.
        out: Where results go, a folder.
        loader: From which dataloader: train, val or test.
        show: How many samples, from the beginning of an epoch.
        work_dir: Where the run's files go (default: work_dirs/CONFIG).
        cfg_options: Override settings of the config, as key=value with dotted keys.
    """
    options = parse_options(cfg_options, "--cfg-options")
    from mmext.engine.browse import browse as draw

    for path in draw(config, out, options, loader, show, work_dir):
        print(path)
