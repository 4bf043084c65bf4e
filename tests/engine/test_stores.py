import numpy as np
import pytest
from mmengine.config import Config

from mmext.engine.stores import verify_stores
from mmext.errors import UserError


def test_each_store_of_a_run_is_verified(tmp_path, make_store):
    train, val = make_store(tmp_path / "train"), make_store(tmp_path / "val", seed=1)
    config = Config(
        dict(
            train_dataloader=dict(dataset=dict(store=str(train))),
            val_dataloader=dict(dataset=dict(store=str(val))),
            test_dataloader=None,
        )
    )
    loaders = ("train_dataloader", "val_dataloader", "test_dataloader")
    verify_stores(config, *loaders)
    masks = np.load(val / "masks.npy", mmap_mode="r+")
    masks[1, 2, 3] ^= 1
    masks.flush()
    verify_stores(config, "train_dataloader")
    with pytest.raises(UserError, match=r"val: .*the store was changed"):
        verify_stores(config, *loaders)
