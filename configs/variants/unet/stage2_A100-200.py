# mmseg's U-Net: stage 2, case 1.
_base_ = [
    '../../_base_/stage2.py', '../../_base_/cases/stage2_A100-200.py', '../_base_/unet.py'
]
model = dict(_base_._model, **_base_._stage2)
optim_wrapper = _base_._optim_wrapper
