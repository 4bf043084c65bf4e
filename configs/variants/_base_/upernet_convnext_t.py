# UPerNet on ConvNeXt-T (Liu et al. 2022), from the transformers library (the extra
# 'transformers').
_base_ = './upernet.py'
_backbone = dict(
    _delete_=True,
    type='TransformersBackbone',
    in_channels=3,
    config=dict(
        model_type='convnext',
        hidden_sizes=[96, 192, 384, 768],
        depths=[3, 3, 9, 3],
        drop_path_rate=0.4))
_model = dict(backbone=_backbone, decode_head=dict(head=_base_._head))
_optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.05, fused=True),
    paramwise_cfg=dict(
        norm_decay_mult=0.0, bias_decay_mult=0.0,
        custom_keys={'head': dict(lr_mult=10.0)}))
