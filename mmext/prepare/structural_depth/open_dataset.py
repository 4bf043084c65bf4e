"""A depth data set from a name and settings on a command line."""

from typing import Any

from mmengine.config import Config

from mmext.datasets.depth import DepthDataset
from mmext.engine.config_check import check_config
from mmext.errors import UserError
from mmext.registry import DATASETS


def open_dataset(name: str, settings: dict[str, Any]) -> DepthDataset:
    """Build a depth data set.

    Args:
        name: Its class, such as ``MM5Dataset``.
        settings: Its arguments.

    Raises:
        UserError: There is no such class or argument, an argument is missing, or the
            data set refuses its files.
    """
    config = dict(type=name, **settings)
    check_config(Config(dict(train_dataloader=dict(dataset=config))))
    try:
        dataset = DATASETS.build(config)
    except TypeError as error:
        raise UserError(f"{name}: {error}") from None
    if not isinstance(dataset, DepthDataset):
        raise UserError(
            f"{name}: is no depth data set, expected one such as MM5Dataset"
        )
    return dataset
