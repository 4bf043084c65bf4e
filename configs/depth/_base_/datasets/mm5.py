# MM5, tabletop objects, read at half its size (160 x 120), scored at 320 x 240.
# Its rigs are fixed: on the published split a memorised background scores well
# (docs/depth.md). Across rigs:
#   --cfg-options train_dataloader.dataset.split=rig_A \
#       val_dataloader.dataset.split=rig_B test_dataloader.dataset.split=rig_B
train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    # Workers that outlive an epoch cannot be resumed exactly.
    persistent_workers=False,
    worker_init_fn=dict(type='mmext.epoch_worker_init_fn'),
    # Batch norm of a single image is none.
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='MM5Dataset',
        root='data/mm5',
        split='train',
        structural='data/mm5_structural',
        pipeline=[
            dict(type='LoadThermal',
                 normalisation=dict(type='percentile', low=1, high=99)),
            dict(type='LoadDepth'),
            dict(type='LoadStructural'),
            dict(type='Resize', scale=(160, 120), keep_ratio=False),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackDepthInputs')]))
val_dataloader = dict(
    batch_size=8,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='MM5Dataset',
        root='data/mm5',
        split='eval',
        # The truth is loaded after resizing: it keeps its size, and the prediction is
        # brought back to it.
        pipeline=[
            dict(type='LoadThermal',
                 normalisation=dict(type='percentile', low=1, high=99)),
            dict(type='Resize', scale=(160, 120), keep_ratio=False),
            dict(type='LoadDepth'),
            dict(type='LoadObjectMask'),
            dict(type='PackDepthInputs')]))
test_dataloader = val_dataloader
val_evaluator = dict(type='CappedDepthMetric', min_depth=1e-3, max_depth=2.0)
test_evaluator = val_evaluator
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
