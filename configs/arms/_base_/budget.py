# One stage for as many epochs as both of case B100-300 have: 300 + 400.
_base_ = '../../_base_/stage1.py'
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=700, val_interval=1)
default_hooks = dict(
    error_accumulation=None,
    training_set_metric=dict(type='TrainingSetMetricHook'))
