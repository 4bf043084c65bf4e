# Stage 1 whose errors accumulate from epoch 0 on.
_base_ = '../_base_/stage1.py'
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=300, val_interval=1)
default_hooks = dict(error_accumulation=dict(begin=0, snapshots=[300]))
