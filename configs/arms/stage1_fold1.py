# Stage 1 on one half of the tiles; errors are those on the other half.
_base_ = '../_base_/stage1.py'
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=300, val_interval=1)
train_dataloader = dict(dataset=dict(folds=dict(number=2, held_out=1)))
default_hooks = dict(error_accumulation=dict(held_out=True, snapshots=[300]))
