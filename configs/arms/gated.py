# Misses and lookalikes apart: (target or missed) and not lookalike.
_base_ = './_base_/stage2.py'
model = dict(
    decode_head=dict(_delete_=True, type='MultiLabelHead',
                     channels=('target', 'fn', 'fp'),
                     head=_base_.model.decode_head.head,
                     loss=dict(type='MaskedBCEWithLogitsLoss')),
    decoder=dict(mode='gated'))
