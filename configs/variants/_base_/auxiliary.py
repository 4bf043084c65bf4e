# What an auxiliary head learns beside the network's own: the same channels, at 0.4 of
# the loss (Zhao et al. 2017). Each network's file adds the head.
_auxiliary_stage1 = dict(
    type='MultiLabelHead',
    channels=('target', ),
    loss=dict(type='MaskedBCEWithLogitsLoss'),
    channel_weights=dict(target=0.4))
_auxiliary_stage2 = dict(
    type='DualHead',
    loss=dict(type='MaskedBCEWithLogitsLoss'),
    channel_weights=dict(target=0.4, error=0.4))
