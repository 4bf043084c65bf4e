# One channel trained anew for 400 epochs, which knows the errors of branch B at 300.
_base_ = ['../../_base_/stage1.py', '../../_base_/cases/stage2_B100-300.py']
default_hooks = dict(
    history=dict(stage=2),
    error_accumulation=None,
    training_set_metric=dict(type='TrainingSetMetricHook'))
