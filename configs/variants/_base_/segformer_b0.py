# SegFormer on its smallest encoder (Xie et al. 2021).
_base_ = './warm_up.py'
_backbone = dict(
    _delete_=True,
    type='MixVisionTransformer',
    in_channels=3,
    embed_dims=32,
    num_stages=4,
    num_layers=[2, 2, 2, 2],
    num_heads=[1, 2, 5, 8],
    patch_sizes=[7, 3, 3, 3],
    sr_ratios=[8, 4, 2, 1],
    out_indices=(0, 1, 2, 3),
    mlp_ratio=4,
    qkv_bias=True,
    drop_path_rate=0.1)
_head = dict(
    _delete_=True,
    type='SegformerHead',
    in_channels='from_backbone',
    in_index=[0, 1, 2, 3],
    channels=256,
    dropout_ratio=0.1,
    norm_cfg=dict(type='BN'))
_model = dict(backbone=_backbone, decode_head=dict(head=_head))
_optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=6e-5, weight_decay=0.01, fused=True),
    paramwise_cfg=dict(
        custom_keys={
            'norm': dict(decay_mult=0.0),
            'head': dict(lr_mult=10.0),
        }))
