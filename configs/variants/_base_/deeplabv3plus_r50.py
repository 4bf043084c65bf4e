# DeepLabV3+ on ResNet-50, an output at a quarter of the size (Chen et al. 2018).
_base_ = ['./convolutional.py', './auxiliary.py']
_backbone = dict(
    _delete_=True,
    type='ResNetV1c',
    depth=50,
    in_channels=3,
    num_stages=4,
    out_indices=(0, 1, 2, 3),
    dilations=(1, 1, 2, 4),
    strides=(1, 2, 1, 1),
    norm_cfg=dict(type='BN'),
    style='pytorch',
    contract_dilation=True)
_head = dict(
    _delete_=True,
    type='DepthwiseSeparableASPPHead',
    in_channels='from_backbone',
    in_index=3,
    channels=512,
    dilations=(1, 12, 24, 36),
    c1_in_channels=256,
    c1_channels=48,
    dropout_ratio=0.1,
    norm_cfg=dict(type='BN'))
_auxiliary = dict(
    type='FCNHead',
    in_channels=1024,
    in_index=2,
    channels=256,
    num_convs=1,
    concat_input=False,
    dropout_ratio=0.1,
    norm_cfg=dict(type='BN'))
_model = dict(backbone=_backbone, decode_head=dict(head=_head))
_stage1 = dict(auxiliary_head=dict(_base_._auxiliary_stage1, head=_auxiliary))
_stage2 = dict(auxiliary_head=dict(_base_._auxiliary_stage2, head=_auxiliary))
