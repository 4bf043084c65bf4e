# Masked image modelling on tiles without labels (Xie et al. 2022):
#   mmext pretrain mmext::pretraining/unet3.py SHEETS
_base_ = '../../_base_/default_runtime.py'
default_hooks = dict(
    # Watches what two stages rest on; here is neither.
    premise=None,
    # Ends with encoder.pth, which stage 1 begins with.
    encoder=dict(type='EncoderHook'),
    # Image, what is shown of it and what is guessed, in vis_data of the work directory.
    pictures=dict(type='ReconstructionHook', tiles=8, interval=10))
# A network's file says the backbone.
_masked = dict(
    type='MaskedImageModel',
    data_preprocessor=dict(
        type='BandNormalizer', mean='from_store', std='from_store'),
    # Pixels. Small patches are guessed from their rim, large ones need more than the
    # network sees around them.
    patch_size=32,
    mask_ratio=0.6)
train_dataloader = dict(
    batch_size=48,
    num_workers=4,
    # Workers that outlive an epoch cannot be resumed exactly.
    persistent_workers=False,
    worker_init_fn=dict(type='mmext.epoch_worker_init_fn'),
    collate_fn=dict(type='mmext.collate_tiles'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='TileDataset',
        # mmext pretrain puts its own here; mmext train takes any tile store.
        store='data/ginseng/train',
        pipeline=[
            dict(type='LoadTile'),
            dict(type='RandomFlip', prob=0.75,
                 direction=['horizontal', 'vertical', 'diagonal']),
            dict(type='PackTileInputs')
        ]))
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05, fused=True),
    clip_grad=dict(max_norm=5.0))
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=100)
# Epochs, scaled with epoch_scale as all others: 10 up, then down along a cosine.
param_scheduler = [
    dict(type='LinearLR', by_epoch=True, begin=0, end=10, start_factor=0.01,
         convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=10, end=100, T_max=90,
         eta_min=1e-6)
]
