# Massachusetts Buildings: stage 1.
_base_ = ['../../stage1_trunk.py', '../_base_/massachusetts_buildings.py']
train_dataloader = _base_._train
val_dataloader = _base_._val
test_dataloader = _base_._test
val_evaluator = test_evaluator = _base_._score
