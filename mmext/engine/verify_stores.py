"""Making sure, once a run, that the tile stores are those that were made."""

from mmengine import dist
from mmengine.config import Config

from mmext.datasets.tile_store import TileStore


def verify_stores(config: Config, *loaders: str) -> None:
    """Verify the stores that a run reads, in its first process.

    Args:
        config: The run's.
        loaders: Keys of data loaders, such as ``'train_dataloader'``.

    Raises:
        UserError: A store was changed after it was made.
    """
    if not dist.is_main_process():
        return
    datasets = (config[name].dataset for name in loaders if config.get(name))
    for path in dict.fromkeys(d.store for d in datasets if "store" in d):
        TileStore(path).verify()
