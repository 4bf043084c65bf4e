# The second channel predicts what was missed; lookalikes are left out of it.
_base_ = './_base_/stage2.py'
model = dict(
    decode_head=dict(_delete_=True, type='MultiLabelHead', channels=('target', 'fn'),
                     head=_base_.model.decode_head.head,
                     loss=dict(type='MaskedBCEWithLogitsLoss')))
