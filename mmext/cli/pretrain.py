"""``mmext pretrain``."""

from typing import Annotated

from cyclopts import Group, Parameter
from pydantic import Field

from mmext.cli.arguments import (
    AssetKeys,
    ConfigFile,
    ConfigOptions,
    Device,
    OutputFolder,
    at_most_one,
    parse_options,
)
from mmext.inference.device import running_on
from mmext.prepare.sampling_settings import Sampling

_EARLIER = Group("Where the work directory holds a run", validator=at_most_one)
_DEFAULTS = Sampling()


def pretrain(
    config: ConfigFile,
    images: Annotated[list[str], Field(min_length=1)],
    /,
    *,
    work_dir: OutputFolder | None = None,
    resume: Annotated[bool, Parameter(group=_EARLIER)] = False,
    overwrite: Annotated[bool, Parameter(group=_EARLIER)] = False,
    asset: AssetKeys | None = None,
    device: Device | None = None,
    cfg_options: ConfigOptions | None = None,
    sampling: Annotated[Sampling, Parameter(name="*")] = _DEFAULTS,
) -> None:
    r"""Train an encoder on images without labels, for a training with few.

    Tiles are drawn at random places of the images, into WORK_DIR/tiles. The network
    guesses what is hidden of them. It ends with WORK_DIR/encoder.pth, which stage 1
    begins with:

        mmext pretrain mmext::pretraining/unet3.py sheets/
        mmext train mmext::stage1_trunk.py --cfg-options \
            model.backbone.init_cfg.type=Pretrained \
            model.backbone.init_cfg.checkpoint=work_dirs/pretraining/unet3/encoder.pth \
            model.backbone.init_cfg.prefix=backbone.

    A run that was killed goes on with --resume, to the same result.

    Args:
        config: Config file, or mmext::NAME.
        images: Images: files, folders, globs, .txt lists; URLs, objects of a store
            (s3://, gs://, az://), STAC items.
        work_dir: Where the run's files go (default: work_dirs/CONFIG).
        resume: Go on from the newest checkpoint in the work directory.
        overwrite: Replace what is there, an earlier run and its tiles.
        asset: Which assets of STAC items, by their keys (default: an item's only
            raster).
        device: Where the network runs: cpu, cuda or cuda:N (default: a GPU if there is
            one).
        cfg_options: Override settings of the config, as key=value with dotted keys.
        sampling: How tiles are drawn.
    """
    options = parse_options(cfg_options, "--cfg-options")
    from mmext.engine.build_config import default_work_dir
    from mmext.engine.pretraining import refuse_other_training
    from mmext.engine.train import train
    from mmext.prepare.sampling import sample_tiles
    from mmext.prepare.scene_list import expand_images

    refuse_other_training(config, options)
    folder = work_dir or default_work_dir(config)
    tiles = folder / "tiles"
    sample_tiles(expand_images(images, asset or ()), tiles, sampling, overwrite)
    options["train_dataloader.dataset.store"] = str(tiles)
    with running_on(device, "none"):
        train(config, folder, options, resume=resume, overwrite=overwrite)
