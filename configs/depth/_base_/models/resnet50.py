# mmseg's ResNet-50 with its pyramid decoder. For weights made for colour images, which
# are summed over their colours while they are loaded, add
#   backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='resnet50.pth'))
_base_ = './unet3.py'
norm_cfg = dict(type='BN')
model = dict(
    backbone=dict(
        _delete_=True,
        type='ResNetV1c',
        depth=50,
        in_channels=1,
        num_stages=4,
        out_indices=(0, 1, 2, 3),
        norm_cfg=norm_cfg,
        style='pytorch'),
    decode_head=dict(
        head=dict(
            _delete_=True,
            type='UPerHead',
            in_channels='from_backbone',
            in_index=[0, 1, 2, 3],
            channels=128,
            dropout_ratio=0,
            norm_cfg=norm_cfg)))
