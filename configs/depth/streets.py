# Rendered streets to train on, MS2 to look at: as wide a view as MS2's thermal camera has,
# at half its size. Nothing real is learnt from. The data:
#   python tools/make_depth_scenes.py --out data/depth_streets --kind outdoor \
#       --train 160 --test 12 --frames 2 --size 320 128 --field-of-view 73
_base_ = './_base_/depth.py'
epoch_scale = 0.5  # 20 epochs
model = dict(
    backbone=dict(base_channels=8),
    decode_head=dict(head=dict(in_channels=8, channels=8)))
_train = [
    dict(type='LoadThermal', normalisation=dict(type='percentile', low=1, high=99)),
    dict(type='LoadDepth'),
    dict(type='LoadStructural'),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDepthInputs')]
_test = [
    dict(type='LoadThermal', normalisation=dict(type='percentile', low=1, high=99)),
    dict(type='Resize', scale=(320, 128), keep_ratio=False),
    dict(type='LoadDepth'),
    dict(type='PackDepthInputs')]
train_cfg = dict(val_interval=5)
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    dataset=dict(
        _delete_=True,
        type='FolderDepthDataset',
        root='data/depth_streets',
        split='train',
        depth_scale=1.0,
        pipeline=_train))
val_dataloader = dict(
    num_workers=0,
    dataset=dict(
        _delete_=True,
        type='FolderDepthDataset',
        root='data/depth_streets',
        split='test',
        depth_scale=1.0,
        pipeline=_test))
test_dataloader = dict(num_workers=0, dataset=dict(pipeline=_test))
