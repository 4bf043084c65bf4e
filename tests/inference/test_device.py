import pytest
import torch
from mmengine.device import get_device, utils

from mmext.errors import UserError
from mmext.inference.device import choose_device, known_device, running_on


@pytest.fixture
def two_gpus(monkeypatch):
    """A machine with two GPUs, of which torch has the first as its current one."""
    current = [0]

    class _Current:
        def __init__(self, number: int) -> None:
            self.number = number

        def __enter__(self) -> None:
            current.append(self.number)

        def __exit__(self, *_: object) -> None:
            current.pop()

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device", _Current)
    monkeypatch.setattr(utils, "DEVICE", "cuda")
    # A command that ran in this process, as torchrun would start it, may have set it.
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    return current


@pytest.mark.parametrize("name", ["cpu", "cuda", "cuda:0", "cuda:1"])
def test_devices_that_are_there_are_known(two_gpus, name):
    assert known_device(name) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [("cuda:2", "cuda:0 to cuda:1"), ("gpu", "cpu, cuda"), ("cuda:-1", "cpu, cuda")],
)
def test_others_are_refused(two_gpus, name, expected):
    with pytest.raises(ValueError, match=expected):
        known_device(name)


def test_without_a_gpu_there_is_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device(None) == "cpu"
    with pytest.raises(ValueError, match="cpu, there is no GPU"):
        known_device("cuda")


def test_each_process_of_a_machine_takes_its_own_gpu(two_gpus, monkeypatch):
    assert (choose_device(None), choose_device("cuda")) == ("cuda", "cuda")
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert (choose_device(None), choose_device("cuda")) == ("cuda:1", "cuda:1")
    assert (choose_device("cpu"), choose_device("cuda:0")) == ("cpu", "cuda:0")


def test_a_block_runs_on_the_device_that_was_asked_for(two_gpus):
    for name, kind, number in (
        ("cpu", "cpu", 0),
        ("cuda:1", "cuda", 1),
        ("cuda", "cuda", 0),
        (None, "cuda", 0),
    ):
        with running_on(name):
            assert (get_device(), two_gpus[-1]) == (kind, number)
        assert (get_device(), two_gpus) == ("cuda", [0])


def test_processes_that_were_launched_do_not_share_one_gpu(two_gpus):
    with (
        pytest.raises(UserError, match="--device: is cuda:1 with --launcher pytorch"),
        running_on("cuda:1", "pytorch"),
    ):
        pass
    with running_on("cpu", "pytorch"):
        assert get_device() == "cpu"
