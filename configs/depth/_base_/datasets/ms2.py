# MS2, left thermal camera, 256 x 640. The structural maps are the RGB teacher's,
# warped into the thermal view:
#   python tools/make_structural_depth.py --help
train_dataloader = dict(
    batch_size=8,
    num_workers=8,
    # Workers that outlive an epoch cannot be resumed exactly.
    persistent_workers=False,
    worker_init_fn=dict(type='mmext.epoch_worker_init_fn'),
    # Batch norm of a single image is none.
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='MS2Dataset',
        root='data/ms2',
        lists='train_list.txt',
        structural='data/ms2_structural',
        pipeline=[
            dict(type='LoadThermal',
                 normalisation=dict(type='percentile', low=1, high=99)),
            dict(type='LoadDepth'),
            dict(type='LoadStructural'),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackDepthInputs')]))
val_dataloader = dict(
    batch_size=8,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='MS2Dataset',
        root='data/ms2',
        lists='val_list.txt',
        step=10,
        pipeline=[
            dict(type='LoadThermal',
                 normalisation=dict(type='percentile', low=1, high=99)),
            dict(type='LoadDepth'),
            dict(type='PackDepthInputs')]))
# Published figures are means over day, night and rain: give one list at a time with
# --cfg-options test_dataloader.dataset.lists=test_night_list.txt
test_dataloader = dict(
    batch_size=8,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='MS2Dataset',
        root='data/ms2',
        lists=['test_day_list.txt', 'test_night_list.txt', 'test_rainy_list.txt'],
        step=10,
        pipeline=val_dataloader['dataset']['pipeline']))
# The usual evaluation: up to 80 m, no crop, mean over images.
val_evaluator = dict(type='CappedDepthMetric', min_depth=1e-3, max_depth=80.0)
test_evaluator = val_evaluator
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
