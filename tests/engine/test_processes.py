import pytest
from mmengine.config import Config

from mmext.engine.processes import join_processes
from mmext.errors import UserError
from mmext.inference.device import running_on


@pytest.mark.parametrize("launcher", ["none", "pytorch"])
def test_sharded_models_are_refused(launcher):
    config = Config(dict(model_wrapper_cfg=dict(type="MMFullyShardedDataParallel")))
    with pytest.raises(UserError, match=r"is MMFullySharded.*, expected MMDistributed"):
        join_processes(config, launcher)


def test_what_a_config_says_of_its_wrapper_is_kept(monkeypatch):
    monkeypatch.setattr("torch.distributed.init_process_group", lambda kind: None)
    config = Config(dict(model_wrapper_cfg=dict(find_unused_parameters=True)))
    with running_on("cpu"):
        join_processes(config, "pytorch")
    assert config.model_wrapper_cfg == dict(
        type="MMDistributedDataParallel",
        broadcast_buffers=False,
        find_unused_parameters=True,
        device_ids=None,
    )
