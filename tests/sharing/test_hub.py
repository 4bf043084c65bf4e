"""Uploading, against a hub that is a folder here."""

import shutil
import sys

import pytest

from mmext.cli.app import run
from mmext.errors import UserError
from mmext.inference.checkpoint import load_model
from mmext.sharing import push_to_hub, refuse_without_hub, share_model
from tests.sharing.shared import write_run

pytest.importorskip("safetensors")
pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """What huggingface_hub would have sent, kept in a folder; nothing leaves."""
    library = pytest.importorskip("huggingface_hub", reason="it is not installed")
    server, calls = tmp_path / "server", []

    def create_repo(self, repo_id, *, private, exist_ok):
        calls.append((repo_id, private, exist_ok))
        return f"https://huggingface.co/{repo_id}"

    def upload_folder(self, *, folder_path, repo_id, commit_message):
        shutil.copytree(folder_path, server / repo_id)

    # autospec would not tell: these are called as the library declares them.
    for name, double in (
        ("create_repo", create_repo),
        ("upload_folder", upload_folder),
    ):
        assert {"self", "repo_id"} <= {*_parameters(getattr(library.HfApi, name))}
        assert {*_parameters(double)} <= {*_parameters(getattr(library.HfApi, name))}
        monkeypatch.setattr(library.HfApi, name, double)
    monkeypatch.setattr(library, "get_token", lambda: "hf_none")
    return server, calls


def _parameters(function):
    import inspect

    return inspect.signature(function).parameters


@pytest.fixture
def checkpoint(tmp_path, make_store):
    return write_run(tmp_path / "run", make_store(tmp_path / "train"))


def test_what_was_uploaded_is_the_model(hub, checkpoint, tmp_path, capsys):
    server, calls = hub
    out = tmp_path / "mine"
    arguments = ("--to", "folder", "--push-to-hub", "lab/trees")
    run(["export", str(checkpoint), "--out", str(out), *arguments])
    assert calls == [("lab/trees", True, True)]
    assert "https://huggingface.co/lab/trees: uploaded" in capsys.readouterr().out
    sent = load_model(server / "lab" / "trees")
    expected = load_model(checkpoint)
    assert sent.config.to_dict() == expected.config.to_dict()
    for name, weight in expected.model.state_dict().items():
        assert (sent.model.state_dict()[name] == weight).all()


def test_an_upload_that_fails_leaves_the_folder(hub, checkpoint, tmp_path, monkeypatch):
    import huggingface_hub

    def refused(self, **_):
        raise ConnectionError("no route\nto host")

    monkeypatch.setattr(huggingface_hub.HfApi, "upload_folder", refused)
    out = tmp_path / "mine"
    share_model(checkpoint, out)
    with pytest.raises(UserError, match=r"uploaded \(no route to host\); .* whole"):
        push_to_hub(out, "lab/trees")
    assert load_model(out).epoch == 3


def test_without_a_token_nothing_is_written(hub, checkpoint, tmp_path, monkeypatch):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    arguments = ("--to", "folder", "--push-to-hub", "lab/trees")
    with pytest.raises(UserError, match="no token, expected one in HF_TOKEN"):
        run(["export", str(checkpoint), "--out", str(tmp_path / "mine"), *arguments])
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("name", ["trees", "a/b/c", "https://x/y", "../up", "a/"])
def test_names_of_another_form_are_refused(name):
    with pytest.raises(UserError, match="expected OWNER/NAME"):
        refuse_without_hub(name)


def test_without_the_library_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UserError, match=r"pip install 'mmext\[hub\]'"):
        refuse_without_hub("lab/trees")


def test_without_safetensors_one_line_says_what_to_install(
    checkpoint, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    with pytest.raises(UserError, match=r"pip install 'mmext\[share\]'"):
        share_model(checkpoint, tmp_path / "out")
    assert not (tmp_path / "out").exists()
