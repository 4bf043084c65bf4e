# A folder of one's own, or rendered: samples.csv names each frame's files and split
# (docs/depth.md). Depth files hold depth_scale units a metre.
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    # Workers that outlive an epoch cannot be resumed exactly.
    persistent_workers=False,
    worker_init_fn=dict(type='mmext.epoch_worker_init_fn'),
    # Batch norm of a single image is none.
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='FolderDepthDataset',
        root='data/depth',
        split='train',
        depth_scale=1.0,
        pipeline=[
            dict(type='LoadThermal',
                 normalisation=dict(type='percentile', low=1, high=99)),
            dict(type='LoadDepth'),
            dict(type='LoadStructural'),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackDepthInputs')]))
val_dataloader = dict(
    batch_size=12,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='FolderDepthDataset',
        root='data/depth',
        split='test',
        depth_scale=1.0,
        pipeline=[
            dict(type='LoadThermal',
                 normalisation=dict(type='percentile', low=1, high=99)),
            dict(type='LoadDepth'),
            dict(type='LoadObjectMask'),
            dict(type='PackDepthInputs')]))
test_dataloader = val_dataloader
val_evaluator = dict(type='CappedDepthMetric', min_depth=1e-3, max_depth=80.0)
test_evaluator = val_evaluator
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
