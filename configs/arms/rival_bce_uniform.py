# Cross-entropy, stage 1's own loss, with tiles drawn uniformly.
_base_ = './rival_bce.py'
train_dataloader = dict(
    sampler=dict(_delete_=True, type='DefaultSampler', shuffle=True))
