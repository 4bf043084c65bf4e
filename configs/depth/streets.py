# Rendered streets to train on, MS2 to look at: as wide a view as MS2's thermal camera has,
# at half its size. Nothing real is learnt from. The data:
#   mmext depth scenes --out data/depth_streets --kind outdoor \
#       --train-scenes 160 --test-scenes 12 --frames 2 --size 320 128 --field-of-view 73
_base_ = [
    './_base_/runtime.py', './_base_/datasets/folder.py', './_base_/models/unet3.py',
    './_base_/schedule.py'
]
epoch_scale = 0.5  # 20 epochs
model = dict(backbone=dict(base_channels=8))
train_cfg = dict(val_interval=5)
train_dataloader = dict(dataset=dict(root='data/depth_streets'))
val_dataloader = dict(dataset=dict(root='data/depth_streets'))
test_dataloader = dict(
    batch_size=8,
    dataset=dict(
        _delete_=True,
        type='MS2Dataset',
        root='data/ms2',
        lists=['test_day_list.txt', 'test_night_list.txt', 'test_rainy_list.txt'],
        step=10,
        # The truth is loaded after resizing: it keeps its size.
        pipeline=[
            dict(type='LoadThermal',
                 normalisation=dict(type='percentile', low=1, high=99)),
            dict(type='Resize', scale=(320, 128), keep_ratio=False),
            dict(type='LoadDepth'),
            dict(type='PackDepthInputs')]))
