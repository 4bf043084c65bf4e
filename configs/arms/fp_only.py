# The second channel predicts lookalikes, and takes them off the target.
_base_ = './_base_/stage2.py'
model = dict(
    decode_head=dict(_delete_=True, type='MultiLabelHead', channels=('target', 'fp'),
                     head=_base_.model.decode_head.head,
                     loss=dict(type='MaskedBCEWithLogitsLoss')),
    decoder=dict(mode='gated'))
