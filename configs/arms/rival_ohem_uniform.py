# Cross-entropy of the hardest quarter of the pixels (OHEM), with tiles drawn uniformly.
_base_ = './rival_ohem.py'
train_dataloader = dict(
    sampler=dict(_delete_=True, type='DefaultSampler', shuffle=True))
