_base_ = ['mmext::stage1_trunk.py', './_base_/ponds.py']
epoch_scale = _base_._epoch_scale
model = dict(backbone=_base_._backbone, decode_head=_base_._head)
train_dataloader = _base_._train
val_dataloader = test_dataloader = _base_._test
