_base_ = ['mmext::stage2_A100-200.py', './_base_/ponds.py']
epoch_scale = _base_._epoch_scale
model = dict(
    backbone=_base_._backbone, decode_head=_base_._head, decoder=dict(mode='agreed'))
train_dataloader = _base_._train
val_dataloader = test_dataloader = _base_._test
