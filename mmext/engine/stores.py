"""A run's tile stores before it begins: verified once, their statistics read."""

from mmengine import dist
from mmengine.config import Config

from mmext.datasets.sample_store import open_store
from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError

FROM_STORE = "from_store"


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
    folders = (d.store for d in datasets if isinstance(d.get("store"), str))
    for path in dict.fromkeys(folders):
        TileStore(path).verify()


def fill_store_statistics(config: Config) -> None:
    """Replace ``'from_store'`` in the data preprocessor, in place.

    ``model.data_preprocessor.mean`` and ``std`` become the training store's, one
    number per band, so that the resolved config and every checkpoint carry what
    the network was trained with. A band that never varies gets a deviation of 1.

    Raises:
        UserError: The store has another number of bands than the backbone reads.
    """
    dataset = config.train_dataloader.dataset
    if "store" not in dataset:
        return
    store = open_store(dataset.store)
    meta = store.meta
    bands = len(meta["bands"])
    expected = config.model.backbone.get("in_channels", 3)
    if bands != expected:
        raise UserError(
            f"{store.path}: has {bands} bands, model.backbone.in_channels expects "
            f"{expected}"
        )
    preprocessor = config.model.get("data_preprocessor")
    if preprocessor is None:
        return
    if preprocessor.get("mean") == FROM_STORE:
        preprocessor.mean = list(meta["mean"])
    if preprocessor.get("std") == FROM_STORE:
        preprocessor.std = [value or 1.0 for value in meta["std"]]
