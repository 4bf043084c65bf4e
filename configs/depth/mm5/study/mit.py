# All losses, mmseg's smallest Mix Transformer (SegFormer) with its decoder, from scratch.
_base_ = './all.py'
model = dict(
    backbone=dict(
        _delete_=True,
        type='MixVisionTransformer',
        in_channels=1,
        embed_dims=32,
        num_stages=4,
        num_layers=[2, 2, 2, 2],
        num_heads=[1, 2, 5, 8],
        patch_sizes=[7, 3, 3, 3],
        sr_ratios=[8, 4, 2, 1],
        out_indices=(0, 1, 2, 3),
        mlp_ratio=4,
        qkv_bias=True,
        drop_path_rate=0.1),
    decode_head=dict(
        head=dict(
            _delete_=True,
            type='SegformerHead',
            in_channels='from_backbone',
            in_index=[0, 1, 2, 3],
            channels=64,
            dropout_ratio=0,
            norm_cfg=dict(type='BN'))))
optim_wrapper = dict(optimizer=dict(lr=2e-4))
