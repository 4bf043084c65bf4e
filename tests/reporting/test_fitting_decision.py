"""From a work directory to a checkpoint that decides by what validation data say."""

import os

import numpy as np
import pandas as pd
import pytest
import torch

from mmext.cli.app import run as command
from mmext.datasets.tile_store import TileStore
from mmext.errors import UserError
from mmext.evaluation.confusion import Confusion, confusion
from mmext.evaluation.standard_rules import standard_rules
from mmext.inference.backends.eager import eager_predictor
from mmext.inference.checkpoint import load_model, read_checkpoint
from mmext.inference.fitted_decision import fitted_decision
from mmext.models import UnionDecoder
from mmext.reporting.fitting_decision import fit_run
from mmext.reporting.predictions import predict_test_store
from mmext.reporting.runs import find_runs


@pytest.fixture
def run(whole_experiment):
    return whole_experiment("exp") / "stage2_A100-200"


@pytest.fixture
def val(make_store, tmp_path):
    return make_store(tmp_path / "stores" / "val", tiles=6, size=24, seed=3)


def iou_of(checkpoint, store_path):
    """The IoU of a checkpoint's own decision, of the scene in one piece."""
    model, store = load_model(checkpoint).model, TileStore(store_path)
    images = torch.from_numpy(np.array(store.images)).permute(0, 3, 1, 2)
    with torch.inference_mode():
        tiles = model.probabilities(images)
        scene = torch.cat(list(tiles), dim=-1)[None]
        mask = model.decide(scene)["mask"][0].numpy()
    return confusion(mask, np.concatenate(list(store.masks), axis=-1)).iou


def test_the_copy_decides_by_the_best_candidate(run, val, capsys):
    checkpoint = run / "epoch_8.pth"
    before = checkpoint.read_bytes()
    command(["fit-decision", str(run), "--store", str(val)])
    decided = run / "epoch_8_decided.pth"
    assert checkpoint.read_bytes() == before
    decoder, record = fitted_decision(read_checkpoint(decided), decided)
    # The stored log-odds are rounded to 16 bits.
    assert record.iou == pytest.approx(iou_of(decided, val), abs=2e-3)
    assert record.iou_before == pytest.approx(iou_of(checkpoint, val), abs=2e-3)
    assert record.iou > record.iou_before
    channels = ("target", "error")
    assert record.candidates == 1 + len(standard_rules(channels))
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert f"{checkpoint}: IoU {record.iou_before:.4f} on {val}" in first
    assert f"{decided}: IoU {record.iou:.4f} with {decoder.mode}" in second
    assert f"the best of {record.candidates} candidates" in second
    # What maps, tests and exports take up.
    assert load_model(decided).model.union_decoder.settings == decoder.settings
    assert eager_predictor(load_model(decided)).decoder.settings == decoder.settings
    weights = [load_model(path).model.state_dict() for path in (checkpoint, decided)]
    for name, value in weights[0].items():
        assert torch.equal(value, weights[1][name])


def test_the_curve_has_every_candidate(run, val):
    fitted = fit_run(run, val, run / "mine.pth")
    table = pd.read_csv(run / "mine_curve.csv")
    assert len(table) == len(fitted.fit.rules)
    assert table.columns[:4].tolist() == ["mode", "target", "error", "confident"]
    chosen = table[table["chosen"]]
    assert len(chosen) == 1 and chosen.index[0] == fitted.fit.index
    assert table["iou"].max() == chosen["iou"].item()
    # A mode that asks one channel has no threshold of the other.
    alone = table["mode"] == "target"
    assert table.loc[alone, "error"].isna().all() and alone.any()
    assert table.loc[~alone, "error"].notna().all()
    assert (
        table["confident"]
        .notna()
        .equals(table["mode"].isin(["touching", "hysteresis"]))
    )
    again = Confusion(*table.loc[5, ["tp", "fp", "fn"]].astype(int))
    assert table.loc[5, "iou"] == pytest.approx(again.iou, rel=1e-5)
    for kind in ("png", "svg"):
        assert (run / f"mine_curve.{kind}").stat().st_size > 5000
    assert not [path for path in run.iterdir() if path.name.startswith(".")]


def test_a_fitted_copy_can_be_fitted_again(run, val):
    first = fit_run(run, val)
    again = fit_run(first.out, val)
    # Nothing is better than the best.
    assert again.out == first.out and again.fit.index == 0
    assert again.fit.iou == first.fit.iou


def test_the_report_takes_it_up(run, val, tmp_path):
    [found], _ = find_runs([run])
    trained = predict_test_store(found, tmp_path)
    assert trained.decision is None
    fitted = fit_run(run, val)
    decided = predict_test_store(found, tmp_path)
    assert f"fitted on {val}" in decided.decision
    decoder = load_model(fitted.out).model.union_decoder
    tile = decided.store.images[2].transpose(2, 0, 1)[None]
    with torch.inference_mode():
        tile = load_model(fitted.out).model.probabilities(torch.from_numpy(tile))
    expected = decoder(tile, ("target", "error"))["channels"]
    for name, mask in decided.dump.decided(2).items():
        np.testing.assert_array_equal(mask, expected[name][0].numpy())
    newer = fitted.checkpoint.stat().st_mtime_ns + 10**12
    os.utime(fitted.checkpoint, ns=(newer, newer))
    with pytest.raises(UserError, match="is older than epoch_8"):
        predict_test_store(found, tmp_path)


def test_data_that_may_not_choose(run, val, tmp_path, make_store):
    stores = tmp_path / "stores"
    with pytest.raises(
        UserError, match=r"the store that .*epoch_8\.pth was trained on"
    ):
        fit_run(run, stores / "train")
    assert "is also the test store" in fit_run(run, stores / "test").warnings[-1]
    assert not any("test store" in line for line in fit_run(run, val).warnings)
    empty = make_store(tmp_path / "empty", tiles=2, size=24, positive=0)
    with pytest.raises(UserError, match="empty: has no target"):
        fit_run(run, empty)


def test_nothing_else_is_overwritten(run, val):
    before = (run / "epoch_8.pth").read_bytes()
    for out in (run / "epoch_8.pth", run.parent / "stage1_trunk" / "epoch_4.pth"):
        with pytest.raises(UserError, match="not written by 'mmext fit-decision'"):
            fit_run(run, val, out)
    assert (run / "epoch_8.pth").read_bytes() == before
    (run / "epoch_8.pth").unlink()
    with pytest.raises(UserError, match="has no checkpoint, expected epoch_N"):
        fit_run(run, val)


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(iou=2), r"meta\['decision'\].iou: is 2, expected at most 1"),
        (dict(run="rm"), r"meta\['decision'\].run: unknown key"),
    ],
)
def test_a_foreign_record_is_refused(run, val, change, message):
    path = fit_run(run, val).out
    content = read_checkpoint(path)
    content["meta"]["decision"].update(change)
    with pytest.raises(UserError, match=message):
        fitted_decision(content, path)


def test_a_foreign_decoder_is_refused(run, val):
    path = fit_run(run, val).out
    content = read_checkpoint(path)
    # Those of earlier versions don't speak of growth.
    written = content["meta"]["cfg"]["model"]["decoder"]
    grow = written.pop("grow")
    before = UnionDecoder(**{k: v for k, v in written.items() if k != "type"})
    assert fitted_decision(content, path)[0].settings == before.settings
    assert before.grow == 0 and isinstance(grow, int)
    for key, value, message in (
        ("type", "Other", "its decoder is not what"),
        ("path", "x", "its decoder is not what"),
        ("mode", "any", "decoder.mode: is 'any', expected one of"),
    ):
        content = read_checkpoint(path)
        content["meta"]["cfg"]["model"]["decoder"][key] = value
        with pytest.raises(UserError, match=message):
            fitted_decision(content, path)
