# AdamW, its rate going down to nearly nothing along a cosine.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01),
    clip_grad=dict(max_norm=5.0))
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=40, val_interval=1)
# Epochs, scaled with epoch_scale as all others.
param_scheduler = [
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=40, T_max=40,
         eta_min=1e-6)
]
