# mmseg's U-Net of five stages, with an auxiliary head on its second finest map. Sides of
# tiles are multiples of 16.
_base_ = ['./convolutional.py', './auxiliary.py']
_backbone = dict(_delete_=True, type='UNet', in_channels=3, base_channels=64)
_head = dict(
    _delete_=True,
    type='FCNHead',
    in_channels='from_backbone',
    channels='from_backbone',
    in_index=4,
    num_convs=1,
    concat_input=False,
    dropout_ratio=0.1)
_auxiliary = dict(
    type='FCNHead',
    in_channels=128,
    in_index=3,
    channels=64,
    num_convs=1,
    concat_input=False,
    dropout_ratio=0.1)
_model = dict(backbone=_backbone, decode_head=dict(head=_head))
_stage1 = dict(auxiliary_head=dict(_base_._auxiliary_stage1, head=_auxiliary))
_stage2 = dict(auxiliary_head=dict(_base_._auxiliary_stage2, head=_auxiliary))
