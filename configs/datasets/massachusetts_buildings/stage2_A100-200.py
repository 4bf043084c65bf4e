# Massachusetts Buildings: stage 2, case 1.
_base_ = ['../../stage2_A100-200.py', '../_base_/massachusetts_buildings.py']
train_dataloader = _base_._train
val_dataloader = _base_._val
test_dataloader = _base_._test
val_evaluator = test_evaluator = _base_._score
