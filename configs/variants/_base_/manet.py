# MA-Net (Fan et al. 2020) on an encoder of timm, by segmentation_models_pytorch (the
# extra 'smp').
_base_ = './unetplusplus.py'
_model = dict(backbone=dict(architecture='MAnet'))
