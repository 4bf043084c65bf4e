# UPerNet (Xiao et al. 2018), with an auxiliary head on the second coarsest map, of 384
# channels in the tiny encoders.
_base_ = ['./warm_up.py', './auxiliary.py']
_head = dict(
    _delete_=True,
    type='UPerHead',
    in_channels='from_backbone',
    in_index=[0, 1, 2, 3],
    channels=512,
    dropout_ratio=0.1,
    norm_cfg=dict(type='BN'))
_auxiliary = dict(
    type='FCNHead',
    in_channels=384,
    in_index=2,
    channels=256,
    num_convs=1,
    concat_input=False,
    dropout_ratio=0.1,
    norm_cfg=dict(type='BN'))
_stage1 = dict(auxiliary_head=dict(_base_._auxiliary_stage1, head=_auxiliary))
_stage2 = dict(auxiliary_head=dict(_base_._auxiliary_stage2, head=_auxiliary))
