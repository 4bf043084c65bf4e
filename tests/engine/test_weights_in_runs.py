"""What the Runner loads: all weights or none, from data, and nothing is lost by it."""

import json

import numpy as np
import pytest
import torch
from mmengine.model import BaseTTAModel
from scipy.special import expit

from mmext.datasets.tile_store import TileStore
from mmext.engine.scoring import test_checkpoint as score
from mmext.engine.train import train
from mmext.engine.work_dir import read_test_record
from mmext.errors import UserError
from mmext.evaluation.answers import Answers
from mmext.evaluation.decision_fit import fit_decision
from mmext.evaluation.decision_rule import DecisionRule
from mmext.fileio import sha256_of
from mmext.inference.checkpoint import load_model
from mmext.inference.fitted_decision import DecisionRecord, write_decided
from mmext.inference.prediction_dump import dump_predictions, load_predictions
from mmext.models import UnionDecoder
from mmext.registry import MODELS
from mmext.sharing import share_model

from .conftest import CONFIGS, keep_all, tiny

TRUNK = CONFIGS / "stage1_trunk.py"
PIXELWISE = {"model.decoder.mode": "union"}
EMA = dict(type="EMAHook")


@pytest.fixture(scope="module")
def trained(tmp_path_factory, store, quiet):
    """A trunk of four epochs with averaged weights, all checkpoints kept."""
    work_dir = tmp_path_factory.mktemp("runs") / TRUNK.stem
    train(TRUNK, work_dir, ema_options(store))
    return work_dir


def ema_options(store, **changes):
    return keep_all(store, **{"default_hooks.ema": EMA, **changes})


def edit(path, change):
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)


def files(folder):
    """All but logs, which have folders of their own."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_averaged_weights_are_scored_as_they_were(trained, store, tmp_path):
    metrics = score(TRUNK, trained / "epoch_4.pth", tmp_path, ema_options(store))
    last = json.loads((trained / "history.jsonl").read_text().splitlines()[-1])
    for count in ("tp", "fp", "fn", "tn"):
        assert metrics[f"test/target.{count}"] == last["test"]["target"][count]


def test_a_models_folder_is_scored_as_its_checkpoint(trained, store, tmp_path):
    checkpoint, folder = trained / "epoch_4.pth", tmp_path / "model"
    share_model(checkpoint, folder)
    both = ((checkpoint, checkpoint), (folder, folder / "model.json"))
    scores = []
    for path, hashed in both:
        out = tmp_path / f"of_{path.stem}"
        scores.append(score(TRUNK, path, out, ema_options(store)))
        record = read_test_record(out)
        assert record["metrics"] == pytest.approx(scores[-1], nan_ok=True)
        assert (record["checkpoint"], record["tta"]) == (path.name, False)
        assert record["sha256"] == sha256_of(hashed)
        assert record["store"] == str(store)
    assert scores[0] == scores[1]
    assert "| weights | exponential mean over" in (folder / "README.md").read_text()


def test_a_fitted_decision_is_scored_unless_the_options_state_another(
    trained, store, tmp_path, capsys
):
    plain, decided = trained / "epoch_4.pth", tmp_path / "decided.pth"
    record = DecisionRecord("data/val", "f" * 64, 50, iou=0.5, iou_before=0.4)
    write_decided(plain, decided, UnionDecoder("target", 0.05), record)
    levels = {"model.decoder.threshold": 0.9}
    stated = {"model.decoder.mode": "target", "model.decoder.threshold": 0.05}
    fitted, low, other, high = (
        score(TRUNK, path, tmp_path, ema_options(store, **options))["test/target.fp"]
        for path, options in (
            (decided, {}),
            (plain, stated),
            (decided, levels),
            (plain, levels),
        )
    )
    assert fitted == low > high == other
    said = [x for x in capsys.readouterr().out.splitlines() if "as fitted on" in x]
    assert said == [f"{decided}: decides as fitted on data/val"]


@pytest.mark.parametrize("objects", [False, True])
def test_components_are_scored_as_the_fit_scores_them(
    trained, store, tmp_path, objects
):
    """By whole scenes: of a loader, of an answer to the store put together."""
    checkpoint = trained / "epoch_4.pth"
    model = load_model(checkpoint).model
    dump_predictions(model, TileStore(store), tmp_path / "answers")
    answers = Answers(TileStore(store), [load_predictions(tmp_path / "answers")])
    logits = np.asarray(answers.dumps[0].logits, np.float32)
    low, high = (float(expit(q)) for q in np.quantile(logits, [0.7, 0.99]))
    decoder = dict(mode="hysteresis", threshold=low, confident=high)
    options = {f"model.decoder.{key}": value for key, value in decoder.items()}
    options["test_evaluator.objects"] = objects
    found = score(TRUNK, checkpoint, tmp_path, ema_options(store, **options))
    fit = fit_decision(answers, [DecisionRule(decoder)])
    # The stored log-odds are rounded to 16 bits.
    assert found["test/target.iou"] == pytest.approx(fit.iou, abs=5e-3)
    assert found["test/target.tp"] > 0
    in_pixels = score(
        TRUNK, checkpoint, tmp_path, ema_options(store, **options | PIXELWISE)
    )
    assert found["test/target.fp"] < in_pixels["test/target.fp"]


@MODELS.register_module(force=True)
class FirstOfAll(BaseTTAModel):
    """An average of one."""

    def merge_preds(self, data_samples_list):
        return [samples[0] for samples in data_samples_list]


def test_a_model_wrapped_for_flips_gets_its_weights(trained, store, tmp_path):
    config = tmp_path / "configs" / "flips.py"
    config.parent.mkdir()
    config.write_text(
        f"_base_ = {str(TRUNK)!r}\n"
        "tta_model = dict(type='FirstOfAll')\n"
        "tta_pipeline = [dict(type='LoadTile'), dict(type='TestTimeAug',"
        " transforms=[[dict(type='PackTileInputs')]])]\n"
    )
    plain, wrapped = (
        score(config, trained / "epoch_4.pth", tmp_path, tiny(store), tta=tta)
        for tta in (False, True)
    )
    assert plain == wrapped


@pytest.mark.parametrize(
    "changes, expected",
    [
        (
            {"model.backbone.base_channels": 2},
            r"have another shape \(.*expected",
        ),
        ({"config": "stage2_A100-200"}, "have another shape"),
    ],
)
def test_scoring_another_models_weights_is_refused(
    trained, store, tmp_path, changes, expected
):
    config = CONFIGS / f"{changes.pop('config', TRUNK.stem)}.py"
    before = files(trained)
    with pytest.raises(UserError, match=expected):
        score(config, trained / "epoch_4.pth", None, tiny(store, **changes))
    assert files(trained) == before


def test_resuming_another_width_is_refused_and_changes_nothing(copy, store):
    (copy / "epoch_4.pth").unlink()
    before = files(copy)
    wider = {"model.backbone.base_channels": 8}
    with pytest.raises(UserError, match="another model's"):
        train(TRUNK, copy, ema_options(store, **wider), resume=True)
    assert files(copy) == before


def test_a_refused_overwrite_removes_nothing(copy, store):
    before = files(copy)
    wrong = {"load_from": str(copy / "none.pth")}
    with pytest.raises(UserError, match="no such checkpoint"):
        train(TRUNK, copy, ema_options(store, **wrong), overwrite=True)
    assert files(copy) == before


def test_first_weights_fit_or_are_partial_on_request(copy, store, tmp_path):
    first = copy / "epoch_4.pth"
    edit(first, lambda c: c["state_dict"].pop("decode_head.head.conv_seg.bias"))
    options = tiny(store, load_from=str(first))
    train(TRUNK, tmp_path / "part", {**options, "load_from_partially": True})
    assert (tmp_path / "part" / "epoch_4.pth").is_file()
    with pytest.raises(UserError, match="1 are missing"):
        train(TRUNK, tmp_path / "all", options)
    assert not (tmp_path / "all").exists()


def test_a_checkpoint_that_says_how_to_resume_is_not_run(copy, store, tmp_path):
    """mmengine executes meta['config'], and removes whatever best_ckpt names."""
    precious = tmp_path / "precious"
    precious.touch()
    marker = tmp_path / "ran"

    def plant(content):
        content["meta"]["config"] = f"open({str(marker)!r}, 'w')"
        content["meta"]["cfg"] = f"open({str(marker)!r}, 'w')"
        info = content["message_hub"]["runtime_info"]
        info.update(best_ckpt=str(precious), best_score=0.0)
        info["keep_ckpt_ids"] = ["../../precious", 1, 2, 3]
        content["message_hub"]["resumed_keys"].update(best_ckpt=True, best_score=True)

    (copy / "epoch_4.pth").unlink()
    edit(copy / "epoch_3.pth", plant)
    best = {
        "default_hooks.checkpoint.save_best": "test/target.iou",
        "default_hooks.checkpoint.rule": "greater",
        "default_hooks.checkpoint.max_keep_ckpts": 2,
    }
    train(TRUNK, copy, ema_options(store, **best), resume=True)
    assert (copy / "epoch_4.pth").is_file()
    assert precious.exists() and not marker.exists()


def test_a_checkpoint_without_an_optimizer_is_not_gone_on_from(copy, store):
    (copy / "epoch_4.pth").unlink()
    edit(copy / "epoch_3.pth", lambda content: content.pop("optimizer"))
    with pytest.raises(UserError, match=r"epoch_3.pth: has no 'optimizer'"):
        train(TRUNK, copy, ema_options(store), resume=True)
