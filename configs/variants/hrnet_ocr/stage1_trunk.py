# HRNet-W18 with OCR: stage 1.
_base_ = [
    '../../_base_/stage1.py', '../../_base_/cases/stage1_trunk.py', '../_base_/hrnet_ocr.py'
]
model = _base_._model
optim_wrapper = _base_._optim_wrapper
