# Just Train Twice: one channel, tiles with errors are drawn five times as often.
_base_ = './_base_/second_look.py'
train_dataloader = dict(
    sampler=dict(_delete_=True, type='ErrorTileSampler', weighting='upweight'))
