# mmseg's Mix Transformer B2 (SegFormer) with its own decoder. For weights made for
# colour images, which are summed over their colours while they are loaded, add
#   backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='mit_b2.pth'))
_backbone = dict(
    _delete_=True,
    type='MixVisionTransformer',
    in_channels=1,
    embed_dims=64,
    num_stages=4,
    num_layers=[3, 4, 6, 3],
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
    channels=128,
    dropout_ratio=0,
    norm_cfg=dict(type='BN'))
# The rate is one that a transformer bears.
_optim_wrapper = dict(optimizer=dict(lr=2e-4))
