# The error mask as a loss weight: one channel, pixels once wrong count five times.
_base_ = './_base_/second_look.py'
model = dict(decode_head=dict(error_weight=5.0))
train_dataloader = dict(
    dataset=dict(pipeline=[
        dict(type='LoadTile'),
        dict(type='LoadErrorMask'),
        dict(type='PackTileInputs')
    ]))
