# Figure 3: stage 1 for 200 epochs under SoftIoULoss, otherwise as Table 1.
_base_ = ['../_base_/stage1.py', '../_base_/cases/stage1_trunk.py']
model = dict(decode_head=dict(loss=dict(_delete_=True, type='SoftIoULoss')))
default_hooks = dict(
    # Only the curves are compared: training scores, but no accumulation.
    error_accumulation=None,
    training_set_metric=dict(type='TrainingSetMetricHook'))
