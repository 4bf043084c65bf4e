# UPerNet, ConvNeXt-T: stage 2, case 1.
_base_ = [
    '../../_base_/stage2.py', '../../_base_/cases/stage2_A100-200.py', '../_base_/upernet_convnext_t.py'
]
model = dict(
    _base_._model,
    auxiliary_head=dict(
        type='DualHead', head=_base_._auxiliary,
        loss=dict(type='MaskedBCEWithLogitsLoss'), channel_weights=dict(target=0.4, error=0.4)))
optim_wrapper = _base_._optim_wrapper
param_scheduler = _base_._param_scheduler
