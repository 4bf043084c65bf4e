# mmseg's U-Net: stage 1.
_base_ = [
    '../../_base_/stage1.py', '../../_base_/cases/stage1_trunk.py', '../_base_/unet.py'
]
model = dict(_base_._model, **_base_._stage1)
optim_wrapper = _base_._optim_wrapper
