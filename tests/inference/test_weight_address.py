"""Weights by address: fetched once, or one line that says where the file goes."""

import hashlib

import pytest
import torch
from mmengine.runner.checkpoint import CheckpointLoader

import mmext.inference.checkpoint  # noqa: F401 # how commands fetch
from mmext.errors import UserError
from mmext.inference import weight_address
from tests.range_server import serving


@pytest.fixture(autouse=True)
def hub(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path / "hub" / "checkpoints"


@pytest.fixture
def published(tmp_path):
    """A file as it is published, its name with the hash of its content."""
    folder = tmp_path / "server"
    folder.mkdir()
    torch.save({"state_dict": {"backbone.weight": torch.ones(3)}}, folder / "w.pth")
    digest = hashlib.sha256((folder / "w.pth").read_bytes()).hexdigest()[:8]
    return (folder / "w.pth").rename(folder / f"net-{digest}.pth")


def test_it_is_fetched_once(published, hub):
    with serving(published.parent) as server:
        address = f"{server.url}/{published.name}"
        found = CheckpointLoader.load_checkpoint(address, "cpu")
    assert torch.equal(found["state_dict"]["backbone.weight"], torch.ones(3))
    # The server is gone.
    again = CheckpointLoader.load_checkpoint(address, "cpu")
    assert again.keys() == found.keys()
    assert [path.name for path in hub.iterdir()] == [published.name]


def test_without_a_network_it_is_said_which_file_goes_where(hub):
    address = "http://127.0.0.1:9/models/net-0123abcd.pth"
    with pytest.raises(UserError) as caught:
        CheckpointLoader.load_checkpoint(address, "cpu")
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{address}: can't be fetched")
    assert message.endswith(f"put it there: {hub / 'net-0123abcd.pth'}")
    assert not list(hub.iterdir())


def test_another_content_than_the_name_says_is_refused(published, hub):
    wrong = published.rename(published.with_name("net-0123abcd.pth"))
    with (
        serving(wrong.parent) as server,
        pytest.raises(UserError, match="invalid hash"),
    ):
        CheckpointLoader.load_checkpoint(f"{server.url}/{wrong.name}", "cpu")
    assert not list(hub.iterdir())


def test_files_of_one_name_are_not_taken_for_each_other(tmp_path):
    for owner, value in (("one", 1.0), ("other", 2.0)):
        (tmp_path / owner).mkdir()
        weights = {"weight": torch.full((2,), value)}
        torch.save({"state_dict": weights}, tmp_path / owner / "model.pth")
    with serving(tmp_path) as server:
        found = [
            CheckpointLoader.load_checkpoint(f"{server.url}/{owner}/model.pth", "cpu")
            for owner in ("one", "other")
        ]
    values = [content["state_dict"]["weight"][0].item() for content in found]
    assert values == [1.0, 2.0]


@pytest.mark.parametrize(
    ("scheme", "names", "key"),
    [
        ("open-mmlab", "get_external_models", "backbone.weight"),
        ("mmcls", "get_mmcls_models", "weight"),
    ],
)
def test_names_of_mmengines_lists(scheme, names, key, published, monkeypatch):
    with serving(published.parent) as server:
        listed = {"net": f"{server.url}/{published.name}"}
        monkeypatch.setattr(weight_address, names, lambda: listed)
        found = CheckpointLoader.load_checkpoint(f"{scheme}://net", "cpu")
    assert list(found["state_dict"]) == [key]
    with pytest.raises(UserError, match="is not in mmengine's list"):
        CheckpointLoader.load_checkpoint(f"{scheme}://another", "cpu")


def test_what_is_fetched_is_data(tmp_path, capsys):
    class Payload:
        def __reduce__(self):
            return (print, ("executed",))

    torch.save({"state_dict": Payload()}, tmp_path / "net.pth")
    with (
        serving(tmp_path) as server,
        pytest.raises(UserError, match="damaged, or not a checkpoint"),
    ):
        CheckpointLoader.load_checkpoint(f"{server.url}/net.pth", "cpu")
    assert "executed" not in capsys.readouterr().out
