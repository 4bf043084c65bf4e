# The demo: rendered rooms, a narrow network, minutes on two cores. The data:
#   python tools/make_depth_scenes.py --out data/depth_demo
_base_ = './depth.py'
epoch_scale = 0.5  # 20 epochs
model = dict(
    backbone=dict(base_channels=8),
    decode_head=dict(
        head=dict(in_channels=8, channels=8), min_depth=0.5, max_depth=12.0))
# FolderDepthDataset has other settings than MS2Dataset: written anew.
_train = [
    dict(type='LoadThermal', normalisation=dict(type='percentile', low=1, high=99)),
    dict(type='LoadDepth'),
    dict(type='LoadStructural'),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDepthInputs')]
_test = [
    dict(type='LoadThermal', normalisation=dict(type='percentile', low=1, high=99)),
    dict(type='LoadDepth'),
    dict(type='LoadObjectMask'),
    dict(type='PackDepthInputs')]
train_cfg = dict(val_interval=2)
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    dataset=dict(
        _delete_=True,
        type='FolderDepthDataset',
        root='data/depth_demo',
        split='train',
        depth_scale=1.0,
        pipeline=_train))
val_dataloader = dict(
    batch_size=12,
    num_workers=0,
    dataset=dict(
        _delete_=True,
        type='FolderDepthDataset',
        root='data/depth_demo',
        split='test',
        depth_scale=1.0,
        pipeline=_test))
test_dataloader = val_dataloader
val_evaluator = dict(prefix='test', max_depth=12.0)
test_evaluator = dict(max_depth=12.0)
