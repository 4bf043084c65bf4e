# DeepLabV3+, ResNet-50: stage 1.
_base_ = [
    '../../_base_/stage1.py', '../../_base_/cases/stage1_trunk.py', '../_base_/deeplabv3plus_r50.py'
]
model = dict(_base_._model, **_base_._stage1)
optim_wrapper = _base_._optim_wrapper
