# All losses, with mmseg's MiT-B2 and a rate that a transformer bears.
_base_ = [
    './_base_/runtime.py', './_base_/datasets/ms2.py', './_base_/models/mit_b2.py',
    './_base_/schedule.py'
]
optim_wrapper = dict(optimizer=dict(lr=2e-4))
