# The second channel's target is soft: the share of passes that got the pixel wrong.
_base_ = './_base_/stage2.py'
model = dict(
    decode_head=dict(_delete_=True, type='MultiLabelHead',
                     channels=('target', 'error_frequency'),
                     head=_base_.model.decode_head.head,
                     loss=dict(type='MaskedBCEWithLogitsLoss')))
train_dataloader = dict(
    dataset=dict(pipeline=[
        dict(type='LoadTile'),
        dict(type='LoadErrorFrequency'),
        dict(type='PackTileInputs')
    ]))
