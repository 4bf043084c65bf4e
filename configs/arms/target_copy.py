# Control: the second channel is trained on the ground truth once more. What it gains,
# two heads and a union gain by themselves.
_base_ = './_base_/stage2.py'
train_dataloader = dict(dataset=dict(error_variant=dict(type='TargetCopy')))
