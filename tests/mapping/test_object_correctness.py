"""The column that says how likely an object is correct, from model to evaluation."""

import dataclasses

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.special import expit, logit

from mmext.cli.app import run as command
from mmext.errors import UserError
from mmext.evaluation.calibration import calibration_error
from mmext.inference.correctness import Correctness, Term, correctness_of
from mmext.inference.prediction_settings import PredictionSettings
from mmext.mapping.many_scenes import predict_scenes
from mmext.mapping.map_evaluation import evaluate_map

from .test_many_scenes import SETTINGS, noise, pixelwise, web_sheets

MODEL = Correctness(
    -1.0,
    (
        Term("mean_prob", 0.5, -2.0, 2.0),
        Term("area_m2", 1.0, 0.0, 5.0),
        Term("error_only", -2.0, 0.0, 1.0),
    ),
    objects=100,
    correct=40,
)


def by_hand(table):
    odds = -1 + 0.5 * np.clip(logit(table["mean_prob"].clip(0.002, 0.998)), -2, 2)
    odds += np.clip(np.log(table["area_m2"]), 0, 5)
    return expit(odds - 2 * (table["source"] == "error"))


def judging(tmp_path):
    return dataclasses.replace(pixelwise(tmp_path), correctness=MODEL)


def test_maps_say_it_of_whole_objects(tmp_path):
    sheets, whole, _ = web_sheets(tmp_path / "in", noise(3, 48), 24)
    predictor = judging(tmp_path)
    assert predict_scenes(predictor, sheets, tmp_path / "map", SETTINGS) == []
    assert predict_scenes(predictor, [whole], tmp_path / "one", SETTINGS) == []
    merged = geopandas.read_file(tmp_path / "map" / "map.gpkg", layer="fields")
    alone = geopandas.read_file(tmp_path / "one" / "scene.gpkg", layer="fields")
    for table in (merged, alone):
        np.testing.assert_allclose(table["correct_prob"], by_hand(table), atol=2e-4)
    assert len(merged) == len(alone) > 20
    found, expected = (np.sort(of["correct_prob"]) for of in (merged, alone))
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_a_condition_on_it(tmp_path):
    _, whole, _ = web_sheets(tmp_path / "in", noise(3, 48), 24)
    settings = PredictionSettings(window=64, where="correct_prob > 0.8")
    assert predict_scenes(judging(tmp_path), [whole], tmp_path / "a", settings) == []
    table = geopandas.read_file(tmp_path / "a" / "scene.gpkg", layer="fields")
    assert len(table) and table["correct_prob"].min() > 0.8
    # A model that nobody fitted says nothing of the kind.
    with pytest.raises(UserError, match="correct_prob"):
        predict_scenes(pixelwise(tmp_path), [whole], tmp_path / "b", settings)
    assert predict_scenes(pixelwise(tmp_path), [whole], tmp_path / "c", SETTINGS) == []
    plain = geopandas.read_file(tmp_path / "c" / "scene.gpkg", layer="fields")
    assert "correct_prob" not in plain


def objects(said, scenes=None):
    """A row of fields, ten metres apart; those of the truth are every second one."""
    number = len(said)
    shapes = [
        shapely.box(500_000 + 10 * i, 0, 500_005 + 10 * i, 5) for i in range(number)
    ]
    table = geopandas.GeoDataFrame(
        dict(
            correct_prob=said,
            mean_prob=np.full(number, 0.9),
            max_prob=np.full(number, 0.95),
            source="target",
            scene=scenes if scenes is not None else "a",
        ),
        geometry=shapes,
        crs="EPSG:32637",
    )
    return table, table.iloc[::2][["geometry"]]


def test_the_evaluation_says_how_far_off_it_is(tmp_path, capsys):
    rng = np.random.default_rng(0)
    said = np.where(np.arange(80) % 2 == 0, 0.8, 0.1) + 0.05 * rng.random(80)
    table, truth = objects(said)
    table.to_file(tmp_path / "map.gpkg")
    truth.to_file(tmp_path / "truth.gpkg")
    out = tmp_path / "out"
    command(
        ["evaluate", str(tmp_path / "map.gpkg"), f"--labels={tmp_path / 'truth.gpkg'}",
         f"--out={out}"]
    )  # fmt: skip
    correct = np.arange(80) % 2 == 0
    written = pd.read_csv(out / "calibration.csv").set_index("score")
    expected = calibration_error(said, correct)
    errors = written["calibration_error"]
    assert errors["correct_prob"] == pytest.approx(expected, abs=1e-4)
    # One probability for all, of which half are correct, in bins as they come.
    order = np.array_split(np.arange(80), 10)
    gaps = [abs(0.9 - correct[of].mean()) for of in order]
    assert errors["mean_prob"] == pytest.approx(np.mean(gaps), abs=1e-4)
    difference = errors["correct_prob - mean_prob"]
    assert difference == pytest.approx(expected - np.mean(gaps), abs=1e-4)
    assert written.loc["correct_prob - mean_prob", "high"] < 0
    assert set(written["drawn"]) == {"objects"}
    bins = pd.read_csv(out / "calibration_bins.csv")
    assert bins.groupby("score")["objects"].sum().tolist() == [80] * 3
    assert f"correct_prob: calibration error {expected:.3f}" in capsys.readouterr().out


def test_many_scenes_are_drawn_whole(tmp_path):
    table, truth = objects(np.full(60, 0.5), [f"s{i // 5}" for i in range(60)])
    table.to_file(tmp_path / "map.gpkg")
    truth.to_file(tmp_path / "truth.gpkg")
    result = evaluate_map(tmp_path / "map.gpkg", tmp_path / "truth.gpkg")
    assert result.judgement.drawn == "scenes" and result.judgement.objects == 60


@pytest.mark.parametrize("kept", [0, 1])
def test_no_object_and_one(tmp_path, kept):
    table, truth = objects(np.full(4, 0.7))
    table.iloc[:kept].to_file(tmp_path / "map.gpkg", geometry_type="Polygon")
    truth.to_file(tmp_path / "truth.gpkg")
    result = evaluate_map(tmp_path / "map.gpkg", tmp_path / "truth.gpkg")
    result.write(tmp_path / "out")
    assert (tmp_path / "out" / "calibration.csv").exists() == bool(kept)
    if kept:
        assert result.judgement.errors[0].value == pytest.approx(0.3)
    else:
        assert result.judgement is None


def test_maps_that_do_not_say_it(tmp_path):
    table, truth = objects(np.full(4, 0.7))
    truth.to_file(tmp_path / "truth.gpkg")
    for other in (table.drop(columns="correct_prob"), table.assign(correct_prob=None)):
        other.to_file(tmp_path / "map.gpkg")
        result = evaluate_map(tmp_path / "map.gpkg", tmp_path / "truth.gpkg")
        assert result.judgement is None


def test_what_a_checkpoint_may_hold():
    plain = dataclasses.asdict(MODEL)
    assert correctness_of({"decision": {"correctness": plain}}, "x") == MODEL
    assert correctness_of({}, "x") is None
    assert correctness_of({"decision": {"store": "val"}}, "x") is None
    for change, message in (
        (dict(intercept=float("nan")), "intercept: is nan"),
        (dict(terms=[dict(feature="exec", weight=1, low=0, high=1)]), "feature: is"),
        (dict(terms=[plain["terms"][0]] * 5), "terms: "),
    ):
        with pytest.raises(UserError, match=message):
            correctness_of({"decision": {"correctness": plain | change}}, "x.pth")
