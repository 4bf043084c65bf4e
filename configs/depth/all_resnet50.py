# All losses, with mmseg's ResNet-50.
_base_ = [
    './_base_/runtime.py', './_base_/datasets/ms2.py', './_base_/models/resnet50.py',
    './_base_/schedule.py'
]
