# Stage 1: the U-Net on the ground truth; errors accumulate from epoch 100 on.
_base_ = [
    './default_runtime.py', './datasets/tile_store.py', './models/unet3.py',
    './schedules/adam.py'
]
default_hooks = dict(
    history=dict(stage=1),
    error_accumulation=dict(
        type='ErrorAccumulationHook',
        begin=100,
        passes_per_epoch=3,
        # Where the cases take the bank from; a run has those it comes to.
        snapshots=[200, 250, 300]))
