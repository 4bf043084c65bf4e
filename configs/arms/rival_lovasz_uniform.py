# mmseg's Lovász hinge loss, with tiles drawn uniformly.
_base_ = './rival_lovasz.py'
train_dataloader = dict(
    sampler=dict(_delete_=True, type='DefaultSampler', shuffle=True))
