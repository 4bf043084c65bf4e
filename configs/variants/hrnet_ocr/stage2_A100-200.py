# HRNet-W18 with OCR: stage 2, case 1.
_base_ = [
    '../../_base_/stage2.py', '../../_base_/cases/stage2_A100-200.py', '../_base_/hrnet_ocr.py'
]
model = _base_._model
optim_wrapper = _base_._optim_wrapper
