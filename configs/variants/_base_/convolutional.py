# What convolutional networks from ImageNet's weights usually train with: AdamW, the rate
# falling to nothing. No weight decay on norms and biases.
_optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=2e-4, weight_decay=0.01, fused=True),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0))
