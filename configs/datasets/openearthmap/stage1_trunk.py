# OpenEarthMap: stage 1.
_base_ = ['../../stage1_trunk.py', '../_base_/openearthmap.py']
train_dataloader = _base_._train
val_dataloader = _base_._val
test_dataloader = _base_._test
val_evaluator = _base_._val_score
test_evaluator = _base_._test_score
