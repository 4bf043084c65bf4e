# Focal loss, with tiles drawn uniformly.
_base_ = './rival_focal.py'
train_dataloader = dict(
    sampler=dict(_delete_=True, type='DefaultSampler', shuffle=True))
