# Sampling by error map: one channel, tiles are drawn by the area of their errors.
_base_ = './_base_/second_look.py'
train_dataloader = dict(
    sampler=dict(_delete_=True, type='ErrorTileSampler', weighting='area'))
