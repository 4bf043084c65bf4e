# LandCover.ai: stage 1.
_base_ = ['../../stage1_trunk.py', '../_base_/landcover_ai.py']
train_dataloader = _base_._train
val_dataloader = _base_._val
test_dataloader = _base_._test
