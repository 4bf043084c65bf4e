"""Study 5 of the protocol: is a polygon as likely correct as the map says?

python docs/results/polygons/calibrate.py CHECKPOINT VAL_STORE TEST_STORE FOLDER

fits decision and probability on VAL_STORE (the same as mmext fit-decision) and writes
calibration.csv and calibration_bins.csv of TEST_STORE's objects (as mmext evaluate).
"""

import sys
from pathlib import Path

from mmengine.device import get_device

from mmext.datasets.tile_store import TileStore
from mmext.evaluation.answers import Answers
from mmext.evaluation.decision_rule import DecisionRule
from mmext.evaluation.scored_objects import scored_objects
from mmext.inference.checkpoint import load_model
from mmext.inference.prediction_dump import dump_predictions, load_predictions
from mmext.mapping.map_evaluation.judging import judge
from mmext.mapping.object_table import CORRECT
from mmext.reporting.fitting_decision import fit_run

checkpoint, val, test, out = map(Path, sys.argv[1:])
out.mkdir(parents=True, exist_ok=True)
fitted = fit_run(checkpoint, val, out / "decided.pth")
if fitted.correctness is None:
    sys.exit(f"{val}: too few objects to fit a probability")
loaded = load_model(fitted.out, get_device())
store = TileStore(test)
dump_predictions(loaded.model, store, out / "answers")
answers = Answers(store, [load_predictions(out / "answers")])
side = store.meta["pixel_size_m"]
rule = DecisionRule(loaded.model.union_decoder.settings)
objects = scored_objects(answers, rule, side**2 if side else 1.0).table
columns = {name: objects[name].to_numpy() for name in objects}
objects[CORRECT] = fitted.correctness.probability(columns)
judged = judge(objects, objects["correct"].to_numpy(bool))
judged.table.to_csv(out / "calibration.csv", index=False)
judged.bin_table.to_csv(out / "calibration_bins.csv", index=False)
print(rule.decoder, fitted.correctness)
print(judged.table)
