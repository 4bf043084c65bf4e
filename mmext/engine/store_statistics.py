"""Giving the model the statistics of the bands it is trained on."""

from mmengine.config import Config

from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError

FROM_STORE = "from_store"


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
    store = TileStore(dataset.store)
    meta = store.meta
    bands = len(meta["bands"])
    expected = config.model.backbone.get("in_channels", 3)
    if bands != expected:
        raise UserError(
            f"{dataset.store}: has {bands} bands, model.backbone.in_channels expects "
            f"{expected}"
        )
    preprocessor = config.model.get("data_preprocessor")
    if preprocessor is None:
        return
    if preprocessor.get("mean") == FROM_STORE:
        preprocessor.mean = list(meta["mean"])
    if preprocessor.get("std") == FROM_STORE:
        preprocessor.std = [value or 1.0 for value in meta["std"]]
