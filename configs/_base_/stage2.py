# Stage 2: the same U-Net with a second channel for the accumulated errors.
_base_ = [
    './default_runtime.py', './datasets/tile_store.py', './models/unet3_dual.py',
    './schedules/adam.py'
]
train_dataloader = dict(
    dataset=dict(
        # error_mask is the parent's snapshot, filled in by the lineage.
        pipeline=[
            dict(type='LoadTile'),
            dict(type='LoadErrorMask'),
            dict(type='PackTileInputs')
        ]))
default_hooks = dict(
    history=dict(stage=2),
    training_set_metric=dict(type='TrainingSetMetricHook'))
