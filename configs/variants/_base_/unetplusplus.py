# U-Net++ (Zhou et al. 2018) on an encoder of timm, by segmentation_models_pytorch (the
# extra 'smp').
_base_ = './convolutional.py'
_backbone = dict(
    _delete_=True,
    type='SmpBackbone',
    architecture='UnetPlusPlus',
    encoder_name='tu-resnet34',
    in_channels=3)
_head = dict(
    _delete_=True,
    type='FCNHead',
    in_channels='from_backbone',
    channels='from_backbone',
    in_index=0,
    num_convs=0,
    concat_input=False,
    dropout_ratio=0)
_model = dict(backbone=_backbone, decode_head=dict(head=_head))
