# UPerNet on Swin-T (Liu et al. 2021).
_base_ = './upernet.py'
_backbone = dict(
    _delete_=True,
    type='SwinTransformer',
    in_channels=3,
    embed_dims=96,
    depths=(2, 2, 6, 2),
    num_heads=(3, 6, 12, 24),
    window_size=7,
    drop_path_rate=0.3)
_model = dict(backbone=_backbone, decode_head=dict(head=_base_._head))
_optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=6e-5, weight_decay=0.01, fused=True),
    paramwise_cfg=dict(
        custom_keys={
            'relative_position_bias_table': dict(decay_mult=0.0),
            'norm': dict(decay_mult=0.0),
            'head': dict(lr_mult=10.0),
        }))
