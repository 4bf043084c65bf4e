# HRNet-W18 with object-contextual representations (Yuan et al. 2020): a coarse head says
# where the classes are, the second looks again with that.
_base_ = './convolutional.py'
_backbone = dict(
    _delete_=True,
    type='HRNet',
    in_channels=3,
    norm_cfg=dict(type='BN'),
    extra=dict(
        stage1=dict(
            num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(4, ),
            num_channels=(64, )),
        stage2=dict(
            num_modules=1, num_branches=2, block='BASIC', num_blocks=(4, 4),
            num_channels=(18, 36)),
        stage3=dict(
            num_modules=4, num_branches=3, block='BASIC', num_blocks=(4, 4, 4),
            num_channels=(18, 36, 72)),
        stage4=dict(
            num_modules=3, num_branches=4, block='BASIC', num_blocks=(4, 4, 4, 4),
            num_channels=(18, 36, 72, 144))))
_maps = dict(
    in_channels=[18, 36, 72, 144],
    in_index=(0, 1, 2, 3),
    input_transform='resize_concat',
    dropout_ratio=0,
    norm_cfg=dict(type='BN'))
_head = dict(
    _delete_=True,
    type='CascadeHead',
    heads=[
        dict(
            type='FCNHead', channels=270, kernel_size=1, num_convs=1,
            concat_input=False, **_maps),
        dict(type='OCRHead', channels=512, ocr_channels=256, **_maps),
    ])
_model = dict(backbone=_backbone, decode_head=dict(head=_head))
